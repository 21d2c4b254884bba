# The little guests of tests/sim: assembled and linked to run at 0x4020_0000, loaded by the tests as ELF.
find_program(AARCH64_GCC aarch64-linux-gnu-gcc REQUIRED)
file(GLOB guest_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/guests/*.S)
set(guest_dir ${CMAKE_CURRENT_BINARY_DIR}/sim_guests)
file(MAKE_DIRECTORY ${guest_dir})
set(guest_elfs)
foreach(source ${guest_sources})
  get_filename_component(name ${source} NAME_WE)
  add_custom_command(
    OUTPUT ${guest_dir}/${name}.elf
    COMMAND ${AARCH64_GCC} -nostdlib -static -march=armv8.2-a -Wl,-Ttext=0x40200000 -Wl,--build-id=none
            -I${CMAKE_SOURCE_DIR} ${source} -o ${guest_dir}/${name}.elf
    DEPENDS ${source} ${CMAKE_CURRENT_SOURCE_DIR}/sim/guests/guest.inc ${CMAKE_SOURCE_DIR}/workloads/bare/guest_abi.h
    VERBATIM)
  list(APPEND guest_elfs ${guest_dir}/${name}.elf)
endforeach()
add_custom_target(sim_guests DEPENDS ${guest_elfs})
if(TARGET sim_tests)
  add_dependencies(sim_tests sim_guests)
  target_compile_definitions(sim_tests PRIVATE GUEST_DIR="${guest_dir}")
endif()
