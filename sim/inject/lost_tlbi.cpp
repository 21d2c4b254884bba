// SPDX-License-Identifier: Apache-2.0
// A TLBI that the PE acknowledges and does not perform: its entries stay for good. Counted are those that reach the PE
// and cover an address of the range; one by ASID or of everything covers all.
#include "sim/inject/fault.hpp"

namespace bbmsim::sim {

namespace {

class LostTlbi final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kTlbi; }
    bool act(Occasion& o, cpu::Pe&, Machine&) override { return o.taken = true; }
};

}  // namespace

std::unique_ptr<Fault> make_lost_tlbi(const Injection& spec) { return std::make_unique<LostTlbi>(spec); }

}  // namespace bbmsim::sim
