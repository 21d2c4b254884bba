// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/mmu.hpp"

namespace bbmsim::mmu {

u8 Fault::fsc() const {
    switch (type) {
        case FaultType::kNone: return 0;
        case FaultType::kAddressSize: return static_cast<u8>(0b000000 | level);
        case FaultType::kTranslation: return static_cast<u8>(0b000100 | level);
        case FaultType::kAccessFlag: return static_cast<u8>(0b001000 | level);
        case FaultType::kPermission: return static_cast<u8>(0b001100 | level);
        case FaultType::kExternalOnWalk: return static_cast<u8>(0b010100 | level);
        case FaultType::kTlbConflict: return 0b110000;
        case FaultType::kUnsupportedUpdate: return 0b110001;
    }
    return 0;
}

}  // namespace bbmsim::mmu
