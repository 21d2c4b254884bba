// SPDX-License-Identifier: Apache-2.0
// Every rule, in the order in which they are asked. A new rule is a file of this folder and a line here.
#include "models/mmu/checker/rules/rule.hpp"

#include <array>
#include <cstring>

namespace bbmsim::mmu {

std::span<const RuleSpec> rule_specs() {
    static const std::array<RuleSpec, static_cast<unsigned>(Rule::kCount)> specs{
        kRuleSize,      kRuleOa,      kRuleMemtype,        kRuleCache,           kRuleShare,
        kRuleCont,      kRuleGlobal,  kRuleNoDsbAfterTlbi, kRuleNoDsbBeforeTlbi, kRuleLocalTlbi,
        kRuleWrongTlbi, kRuleNoTlbi,  kRuleTableReuse,     kRuleContGroup,       kRuleAsidReuse,
        kRuleCnp,       kRuleContext, kRuleExecSync,       kRuleHwUpdate};
    return specs;
}

const RuleInfo& rule_info(Rule rule) {
    for (const RuleSpec& spec : rule_specs())
        if (spec.info.rule == rule) return spec.info;
    return kRuleNoTlbi.info;
}

const std::vector<RuleInfo>& all_rules() {
    static const std::vector<RuleInfo> rules = [] {
        std::vector<RuleInfo> list;
        for (unsigned r = 0; r < static_cast<unsigned>(Rule::kCount); ++r)
            list.push_back(rule_info(static_cast<Rule>(r)));
        return list;
    }();
    return rules;
}

const RuleInfo* find_rule(const char* id) {
    for (const RuleInfo& info : all_rules())
        if (std::strcmp(info.id, id) == 0) return &info;
    return nullptr;
}

}  // namespace bbmsim::mmu
