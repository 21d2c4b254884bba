# SPDX-License-Identifier: Apache-2.0
# How every room is built: warnings as errors, repository-rooted includes.

add_library(bbmsim_options INTERFACE)
target_compile_options(bbmsim_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
# Instruction handlers call one another last, which must become jumps: models/cpu/pe.hpp, next().
target_compile_definitions(bbmsim_options INTERFACE $<$<CONFIG:Release>:BBMSIM_THREADED>)
target_compile_options(bbmsim_options INTERFACE $<$<CONFIG:Release>:-foptimize-sibling-calls>)
target_include_directories(bbmsim_options INTERFACE ${CMAKE_SOURCE_DIR})

# bbmsim_room(name GLOB-FOLDER [libraries...]): a static library of all .cpp files of a folder and below.
function(bbmsim_room name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC bbmsim_options ${ARGN})
endfunction()

# bbmsim_gtest(name GLOB-FOLDER [libraries...]): one GoogleTest program of all .cpp files of a folder.
function(bbmsim_gtest name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(sources)
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE bbmsim_options GTest::gtest GTest::gtest_main ${ARGN})
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
