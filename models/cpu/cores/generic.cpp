// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

// No product: the defaults of every structure, Armv8.5 features, FEAT_BBM level 0. MIDR: implementer 0 is reserved for
// software use.
CoreConfig generic() {
    CoreConfig c;
    c.name = "generic";
    c.source = "no product: round figures, all assumed";
    c.mmu.pa_bits = 48;
    return c;
}

}  // namespace bbmsim::cpu::cores
