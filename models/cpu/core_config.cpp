// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/core_config.hpp"

#include "models/cpu/cores/cores.hpp"

#include <fmt/format.h>

namespace bbmsim::cpu {

const std::vector<CoreConfig>& presets() {
    static const std::vector<CoreConfig> all = {
        cores::generic(),     cores::cortex_a53(),  cores::cortex_a55(),  cores::cortex_a57(),  cores::cortex_a72(),
        cores::cortex_a76(),  cores::neoverse_n1(), cores::cortex_a510(), cores::cortex_a520(), cores::cortex_a715(),
        cores::cortex_a720(), cores::cortex_x4(),   cores::neoverse_v1(), cores::neoverse_v2(), cores::neoverse_v3(),
        cores::neoverse_n3(), cores::ampereone(),   cores::olympus(),     cores::apple_m1_p(),
    };
    return all;
}

const CoreConfig* find_preset(const std::string& name) {
    for (const CoreConfig& c : presets())
        if (c.name == name) return &c;
    return nullptr;
}

std::vector<std::string> validate(const CoreConfig& config) {
    std::vector<std::string> problems;
    const auto problem = [&](std::string text) { problems.push_back(std::move(text)); };
    if (config.name.empty()) problem("name is empty");
    if (!(config.freq_mhz >= 1 && config.freq_mhz <= 100'000))
        problem(fmt::format("freq_mhz={} is not between 1 and 100000", config.freq_mhz));
    if (config.cache_line_shift < 4 || config.cache_line_shift > 11)
        problem(fmt::format("cache_line_shift={} is not between 4 and 11", config.cache_line_shift));
    if (config.midr >> 32) problem(fmt::format("midr={:#x} is wider than 32 bits", config.midr));

    TimingConfig timing = config.timing;
    visit_fields(timing, [&](const char* name, double cycles) {
        if (!(cycles >= 0 && cycles <= 1000))
            problem(fmt::format("timing.{}={} is not between 0 and 1000 cycles", name, cycles));
    });

    for (const std::string& line : memory::validate(config.cache)) problem("cache." + line);

    const FeatureConfig& f = config.features;
    const auto needs = [&](bool has, const char* name, bool needed, const char* what) {
        if (has && !needed) problem(fmt::format("features.{}=true needs features.{}=true", name, what));
    };
    needs(f.rcpc2, "rcpc2", f.rcpc, "rcpc");
    needs(f.flagm2, "flagm2", f.flagm, "flagm");
    needs(f.dpb2, "dpb2", f.dpb, "dpb");
    needs(f.xs, "xs", f.tlbios, "tlbios");
    needs(f.fp16, "fp16", f.fp, "fp");
    needs(f.fhm, "fhm", f.fp16, "fp16");
    needs(f.jscvt, "jscvt", f.fp, "fp");
    needs(f.fcma, "fcma", f.fp, "fp");
    needs(f.frintts, "frintts", f.fp, "fp");
    needs(f.rdm, "rdm", f.fp, "fp");
    needs(f.dotprod, "dotprod", f.fp, "fp");
    needs(f.aes, "aes", f.fp, "fp");
    needs(f.pmull, "pmull", f.aes, "aes");
    needs(f.sha1, "sha1", f.fp, "fp");
    needs(f.sha256, "sha256", f.sha1, "sha1");
    needs(f.sha1, "sha1", f.sha256, "sha256");
    needs(f.sha512, "sha512", f.sha256, "sha256");
    needs(f.sha3, "sha3", f.sha512, "sha512");
    if (config.mmu.tlbirange && !f.tlbios) problem("mmu.tlbirange=true needs features.tlbios=true");
    for (const std::string& line : mmu::validate(config.mmu)) problem("mmu." + line);
    return problems;
}

}  // namespace bbmsim::cpu
