# SPDX-License-Identifier: Apache-2.0
# cmake -DFILES=a;b -DOUTPUT=x.hpp -P state_layout.cmake: a header with the digest of what says how state is laid out,
# so that a snapshot of one build is refused by another (models/mmu/snapshot/archive.hpp).
set(digests "")
foreach(file ${FILES})
  file(SHA256 ${file} digest)
  string(APPEND digests ${digest})
endforeach()
string(SHA256 digest "${digests}")
string(SUBSTRING ${digest} 0 16 digest)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define BBMSIM_STATE_LAYOUT \"@digest@\"\n" @ONLY)
