// SPDX-License-Identifier: Apache-2.0
// sim::Session for Python: the GIL is released while it runs.
#include "sim/session.hpp"

#include "python/bindings/bindings.hpp"
#include "python/bindings/fields.hpp"
#include "python/bindings/results.hpp"

#include "models/mmu/snapshot/archive.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace bbmsim::python {

namespace {

// SystemC has one current context per process, so one session at a time may be made, run or destroyed. The GIL is
// released while waiting for the turn.
class Exclusive {
public:
    Exclusive() {
        static std::mutex mutex;
        py::gil_scoped_release unlocked;
        lock_ = std::unique_lock(mutex);
    }

private:
    std::unique_lock<std::mutex> lock_;
};

std::vector<u64> numbers_of(const py::buffer& column) {
    const py::buffer_info info = column.request();
    std::vector<u64> numbers(static_cast<std::size_t>(info.size * info.itemsize) / sizeof(u64));
    if (!numbers.empty()) std::memcpy(numbers.data(), info.ptr, numbers.size() * sizeof(u64));
    return numbers;
}

// `names`: a newline between two. Columns of different lengths are as long as the shortest.
std::vector<sim::Symbol> symbols_of(std::string_view names, const std::vector<u64>& addresses,
                                    const std::vector<u64>& sizes, u64 to_physical) {
    std::vector<sim::Symbol> out;
    const std::size_t count = std::min(addresses.size(), sizes.size());
    out.reserve(count);
    for (std::size_t i = 0, at = 0; i < count && at <= names.size(); ++i) {
        const std::size_t end = std::min(names.find('\n', at), names.size());
        out.push_back({std::string(names.substr(at, end - at)), addresses[i], sizes[i], addresses[i] + to_physical});
        at = end + 1;
    }
    return out;
}

std::span<const u8> bytes_of(const py::buffer_info& info) {
    return {static_cast<const u8*>(info.ptr), static_cast<std::size_t>(info.size * info.itemsize)};
}

class PySession {
public:
    PySession(const py::dict& board, u64 seed) {
        sim::BoardConfig config;
        from_python(board, config, "");
        Exclusive exclusive;
        session_ = std::make_unique<sim::Session>(config, seed);
    }
    // Made of what state() gave: the recordings first, then the session.
    PySession(const py::dict& board, const py::buffer& state) {
        sim::BoardConfig config;
        from_python(board, config, "");
        const py::buffer_info info = state.request();
        Archive ar(bytes_of(info));
        u64 recordings = 0;
        ar(recordings);
        if (recordings > ar.left().size()) throw StateError("more recordings than state");
        for (u64 i = 0; i < recordings; ++i) recordings_.push_back(std::make_unique<Recording>(ar));
        Exclusive exclusive;
        session_ = std::make_unique<sim::Session>(config, ar.left());
        for (auto& kept : recordings_) listen(*kept);
    }
    py::bytes state() {
        std::vector<u8> board;
        {
            Exclusive exclusive;
            board = session_->state();
        }
        Archive ar;
        u64 recordings = recordings_.size();
        ar(recordings);
        for (auto& kept : recordings_) kept->archive(ar);
        std::string whole(ar.written().begin(), ar.written().end());
        whole.append(board.begin(), board.end());
        return whole;
    }
    ~PySession() {  // NOLINT(bugprone-exception-escape): a mutex that cannot be locked is the end anyway
        Exclusive exclusive;
        session_.reset();
    }
    PySession(const PySession&) = delete;
    PySession& operator=(const PySession&) = delete;

    sim::Session* operator->() { return session_.get(); }
    sim::Session& get() { return *session_; }

    std::string run(u64 simulated_ps, double host_seconds) {
        Exclusive exclusive;
        py::gil_scoped_release unlocked;
        return outcome_name(session_->run({simulated_ps, host_seconds}));
    }
    void send(const std::string& bytes, bool virtio) {
        Exclusive exclusive;
        session_->send(bytes, virtio);
    }
    void expect(const std::string& prompt, const std::string& reply, bool virtio) {
        Exclusive exclusive;
        session_->expect(prompt, reply, virtio);
    }
    void finish() {
        Exclusive exclusive;
        session_->finish();
    }
    // Events are queued, not called back: no Python runs inside a run. An event of `pause_mask` ends run() early, but
    // for the middle of a console line and the guest's progress.
    void watch(u64 kinds_mask, u64 pause_mask) {
        if (subscription_) session_->unsubscribe(*subscription_);
        subscription_.reset();
        queued_.clear();
        if (!kinds_mask) return;
        subscription_ = session_->subscribe(kinds_mask, [this, pause_mask](const Event& event) {
            queued_.push_back(event);
            const bool pauses = (pause_mask >> static_cast<unsigned>(event.kind)) & 1;
            const bool inside_line = event.kind == EventKind::kConsole && event.sub != '\n';
            const bool progress = event.kind == EventKind::kMarker && event.sub == 2;
            if (pauses && !inside_line && !progress) session_->stop();
        });
    }
    // Keeps the first `most` events of the kinds until recorded() is asked for them; returns the recording's number.
    std::size_t record(u64 kinds_mask, std::size_t most) {
        listen(*recordings_.emplace_back(std::make_unique<Recording>(kinds_mask, most)));
        return recordings_.size() - 1;
    }
    // The events, and how many more there were.
    py::tuple recorded(std::size_t number) const {
        const auto& kept = *recordings_.at(number);
        py::list out;
        for (const Event& event : kept.events) out.append(to_python(event));
        return py::make_tuple(out, kept.dropped);
    }
    py::list take_events() {
        py::list out;
        for (const Event& event : queued_) out.append(to_python(event));
        queued_.clear();
        return out;
    }
    const cpu::Pe& pe(unsigned core) { return session_->pe(checked(core)); }
    PeId checked(unsigned core) {
        const auto cores = session_->board().cores.size();
        if (core >= cores) throw py::index_error(fmt_core(core, cores));
        return static_cast<PeId>(core);
    }

private:
    static std::string fmt_core(unsigned core, std::size_t cores) {
        return "core=" + std::to_string(core) + ": the board has cores 0 to " + std::to_string(cores - 1);
    }
    struct Recording {
        Recording(u64 kinds_mask, u64 at_most) : mask(kinds_mask), most(at_most) {}
        explicit Recording(Archive& ar) { archive(ar); }
        void archive(Archive& ar) { ar(mask, most, events, dropped); }
        u64 mask = 0, most = 0;
        std::vector<Event> events;
        u64 dropped = 0;
    };
    void listen(Recording& kept) {
        session_->subscribe(kept.mask, [&kept](const Event& event) {
            if (kept.events.size() < kept.most)
                kept.events.push_back(event);
            else
                ++kept.dropped;
        });
    }
    std::vector<std::unique_ptr<Recording>> recordings_;
    std::optional<u32> subscription_;
    std::vector<Event> queued_;
    std::unique_ptr<sim::Session> session_;  // last: its callbacks write to the others
};

py::dict registers(const cpu::Pe& pe) {
    py::list x;
    for (unsigned i = 0; i < 31; ++i) x.append(pe.r[i]);
    py::dict out;
    out["x"] = x;
    out["sp"] = pe.r[cpu::kRegSp];
    out["pc"] = pe.pc;
    out["nzcv"] = pe.ps.nzcv >> 28;
    out["el"] = pe.ps.el;
    out["daif"] = pe.ps.daif;
    out["cycles"] = pe.cycles;
    out["instructions"] = pe.instructions;
    out["powered"] = pe.powered;
    return out;
}

sim::Injection injection_of(const py::dict& spec) {
    sim::Injection out;
    out.kind = spec["kind"].cast<std::string>();
    out.core = static_cast<PeId>(spec["core"].cast<unsigned>());
    if (spec.contains("va")) std::tie(out.va_lo, out.va_hi) = spec["va"].cast<std::pair<u64, u64>>();
    if (spec.contains("pa")) std::tie(out.pa_lo, out.pa_hi) = spec["pa"].cast<std::pair<u64, u64>>();
    if (spec.contains("at")) out.at_symbol = spec["at"].cast<std::string>();
    out.after_symbol = spec["after"].cast<std::string>();
    out.after_ps = spec["after_ps"].cast<std::optional<u64>>();
    out.nth_hit = spec["nth"].cast<u64>();
    out.probability = spec["probability"].cast<double>();
    out.times = spec["times"].cast<u64>();
    out.names = spec["words"].cast<std::map<std::string, std::string>>();
    out.values = spec["numbers"].cast<std::map<std::string, u64>>();
    return out;
}

u32 add_map(PySession& s, const std::string& when, const std::string& symbol, u64 time_ps, std::optional<unsigned> core,
            u64 nth, u64 va_first, u64 va_last) {
    sim::MapSpec spec;
    spec.when = when == "entry"         ? sim::MapWhen::kEntry
                : when == "return"      ? sim::MapWhen::kReturn
                : when == "time"        ? sim::MapWhen::kTime
                : when == "phase-begin" ? sim::MapWhen::kPhaseBegin
                : when == "phase-end"   ? sim::MapWhen::kPhaseEnd
                                        : sim::MapWhen::kEnd;
    spec.symbol = symbol;
    spec.time_ps = time_ps;
    if (core) spec.core = s.checked(*core);
    spec.nth = nth;
    spec.va_first = va_first;
    spec.va_last = va_last;
    return s->add_map(spec);
}

mmu::Structure structure_of(const std::string& name) {
    if (name == "l1i") return mmu::Structure::kL1I;
    if (name == "l1d") return mmu::Structure::kL1D;
    if (name == "l2") return mmu::Structure::kL2;
    if (name == "walk") return mmu::Structure::kWalkCache;
    throw std::invalid_argument("tlb='" + name + "': one of l1i, l1d, l2, walk");
}

template <class T>
py::list all(const sim::Session& session, const std::vector<T>& items) {
    py::list out;
    for (const auto& item : items) out.append(to_python(session, item));
    return out;
}
template <class T>
py::list all(const std::vector<T>& items) {
    py::list out;
    for (const auto& item : items) out.append(to_python(item));
    return out;
}

void bind_setup(py::class_<PySession>& c) {
    c.def(py::init<const py::dict&, u64>(), py::arg("board"), py::arg("seed"));
    c.def_static(
        "resume",
        [](const py::dict& board, const py::buffer& state) { return std::make_unique<PySession>(board, state); },
        py::arg("board"), py::arg("state"), "Of what state() gave; ValueError if that does not fit the board.");
    c.def("state", &PySession::state, "All of it as bytes; RuntimeError if the run is over.");
    c.def(
        "save_at", [](PySession& s, const std::string& symbol, u64 ps) { return s->save_at(symbol, ps); },
        py::arg("symbol"), py::arg("time_ps"), "run() comes back at that point, whose number take_saves() gives then.");
    c.def("take_saves", [](PySession& s) { return s->take_saves(); });
    c.def(
        "reseed", [](PySession& s, u64 seed) { s->reseed(seed); }, py::arg("seed"));
    c.def(
        "load",
        [](PySession& s, u64 pa, const py::buffer& data) {
            const auto info = data.request();
            s->load(pa, bytes_of(info));
        },
        py::arg("pa"), py::arg("data"));
    c.def(
        "set_entry", [](PySession& s, u64 pa) { s->set_entry(pa); }, py::arg("pa"));
    c.def(
        "set_bootargs", [](PySession& s, const std::string& t) { s->set_bootargs(t); }, py::arg("bootargs"));
    c.def(
        "set_dtb",
        [](PySession& s, const py::buffer& data) {
            const auto info = data.request();
            const auto bytes = bytes_of(info);
            s->set_dtb({bytes.begin(), bytes.end()});
        },
        py::arg("data"));
    c.def("device_tree", [](PySession& s) {
        const auto dtb = s->device_tree();
        return py::bytes(reinterpret_cast<const char*>(dtb.data()), dtb.size());
    });
    c.def(
        "set_initrd", [](PySession& s, u64 pa, u64 bytes) { s->set_initrd(pa, bytes); }, py::arg("pa"),
        py::arg("bytes"));
    c.def(
        "set_symbols",
        [](PySession& s, const std::vector<std::tuple<std::string, u64, u64, u64>>& symbols) {
            std::vector<sim::Symbol> out;
            out.reserve(symbols.size());
            for (const auto& [name, address, size, physical] : symbols) out.push_back({name, address, size, physical});
            s->set_symbols(std::move(out));
        },
        py::arg("symbols"));
    c.def(
        "set_symbol_columns",
        [](PySession& s, std::string_view names, const py::buffer& addresses, const py::buffer& sizes,
           u64 to_physical) {
            s->set_symbols(symbols_of(names, numbers_of(addresses), numbers_of(sizes), to_physical));
        },
        py::arg("names"), py::arg("addresses"), py::arg("sizes"), py::arg("to_physical"));
    c.def(
        "add_phase",
        [](PySession& s, const std::string& name, const std::string& enter, const std::string& leave,
           bool leave_anywhere) {
            s->add_phase({name, enter, leave, leave_anywhere});
        },
        py::arg("name"), py::arg("enter"), py::arg("leave"), py::arg("leave_anywhere") = false);
    c.def(
        "start_profile", [](PySession& s, u64 interval) { s->profile(interval); }, py::arg("interval_cycles"));
    c.def("add_map", &add_map, py::kw_only(), py::arg("when"), py::arg("symbol"), py::arg("time_ps"), py::arg("core"),
          py::arg("nth"), py::arg("va_first"), py::arg("va_last"));
    c.def(
        "inject",
        [](PySession& s, const py::dict& spec) {
            s.checked(spec["core"].cast<unsigned>());
            return s->inject(injection_of(spec));
        },
        py::arg("spec"));
}

void bind_running(py::class_<PySession>& c) {
    c.def(
        "send", [](PySession& s, const std::string& bytes, bool virtio) { s.send(bytes, virtio); }, py::arg("data"),
        py::arg("virtio"));
    c.def(
        "expect",
        [](PySession& s, const std::string& prompt, const std::string& reply, bool virtio) {
            s.expect(prompt, reply, virtio);
        },
        py::arg("prompt"), py::arg("reply"), py::arg("virtio"));
    c.def("run", &PySession::run, py::arg("simulated_ps"), py::arg("host_seconds"));
    c.def("stop", [](PySession& s) { s->stop(); });
    c.def("finish", &PySession::finish);
    c.def("watch", &PySession::watch, py::arg("kinds_mask"), py::arg("pause_mask"));
    c.def("take_events", &PySession::take_events);
    c.def("progress", [](PySession& s) { return s->progress(); });
    c.def("record", &PySession::record, py::arg("kinds_mask"), py::arg("most"));
    c.def("recorded", &PySession::recorded, py::arg("number"));
    c.def("now_ps", [](PySession& s) { return s->now_ps(); });
    c.def("detail", [](PySession& s) { return s->detail(); });
}

void bind_results(py::class_<PySession>& c) {
    c.def("violations", [](PySession& s) { return all(s.get(), s->violations()); });
    c.def("hazards", [](PySession& s) { return all(s.get(), s->hazards()); });
    c.def("notes", [](PySession& s) { return all(s.get(), s->notes()); });
    c.def("violation_count", [](PySession& s) { return s->violations().size(); });
    c.def("hazard_count", [](PySession& s) { return s->hazards().size(); });
    c.def("checker_stats", [](PySession& s) { return to_python(s->checker_stats()); });
    c.def("phases", [](PySession& s) { return all(s->phases()); });
    c.def("phases_host_usage", [](PySession& s) { return all(s->phases_host_usage()); });
    c.def(
        "core_stats", [](PySession& s, unsigned core) { return to_python(s->core_stats(s.checked(core))); },
        py::arg("core"));
    c.def("profile", [](PySession& s) {
        const sim::Profile* profile = s.get().profile();
        return profile ? py::object(to_python(*profile)) : py::none();
    });
    c.def("maps", [](PySession& s) { return all(s->maps()); });
    c.def("tally_changes", [](PySession& s) { s->tally_changes(); });
    c.def("changes", [](PySession& s) { return all(s->changes()); });
    c.def("conflict_aborts", [](PySession& s) { return all(s.get(), s->conflict_aborts()); });
    c.def("map_changes", [](PySession& s) { return all(s.get(), s->map_changes()); });
    c.def("rendezvous", [](PySession& s) { return to_python(s->rendezvous()); });
    c.def("injections", [](PySession& s) { return all(s.get(), s->injections()); });
    c.def("console", [](PySession& s) { return py::bytes(s->console()); });
    c.def("ram_used_bytes", [](PySession& s) { return s->ram_used_bytes(); });
    c.def("remarks", [](PySession& s) { return s->remarks(); });
    c.def("guest_results", [](PySession& s) { return s->guest_results(); });
    c.def(
        "symbolize", [](PySession& s, u64 pc) { return s->symbolize(pc); }, py::arg("pc"));
}

void bind_inspection(py::class_<PySession>& c) {
    c.def("instructions", [](PySession& s) {
        u64 sum = 0;
        for (std::size_t i = 0; i < s->board().cores.size(); ++i) sum += s->pe(static_cast<PeId>(i)).instructions;
        return sum;
    });
    c.def(
        "registers", [](PySession& s, unsigned core) { return registers(s.pe(core)); }, py::arg("core"));
    c.def(
        "sysreg", [](PySession& s, unsigned core, const std::string& name) { return s->sysreg(s.checked(core), name); },
        py::arg("core"), py::arg("name"));
    c.def(
        "encodings", [](PySession& s) { return s->encodings(); },
        "NAMEs of the encoding table in the code that was decoded to be run and has not been dropped since");
    c.def(
        "tlb",
        [](PySession& s, unsigned core, const std::string& which) {
            return all(s->tlb(s.checked(core), structure_of(which)));
        },
        py::arg("core"), py::arg("which"));
    c.def(
        "walk", [](PySession& s, unsigned core, u64 va) { return to_python(s->walk(s.checked(core), va)); },
        py::arg("core"), py::arg("va"));
    c.def(
        "census",
        [](PySession& s, unsigned core, u64 first, u64 last) {
            return to_python(s->census(s.checked(core), first, last));
        },
        py::arg("core"), py::arg("va_first"), py::arg("va_last"));
    c.def(
        "read_memory",
        [](PySession& s, u64 pa, u64 bytes) {
            const auto data = s->read_memory(pa, bytes);
            return py::bytes(reinterpret_cast<const char*>(data.data()), data.size());
        },
        py::arg("pa"), py::arg("bytes"));
    c.def(
        "write_memory",
        [](PySession& s, u64 pa, const py::buffer& data) {
            const auto info = data.request();
            s->write_memory(pa, bytes_of(info));
        },
        py::arg("pa"), py::arg("data"));
    c.def(
        "debugger", [](PySession& s) -> sim::Debugger& { return s->debugger(); },
        py::return_value_policy::reference_internal);
    c.def(
        "disassemble", [](PySession& s, u32 raw, u64 pc) { return s->disassemble(raw, pc); }, py::arg("raw"),
        py::arg("pc"));
}

}  // namespace

void bind_session(py::module_& m) {
    py::list kinds;
    for (unsigned i = 0; i < static_cast<unsigned>(EventKind::kCount); ++i)
        kinds.append(name_of(static_cast<EventKind>(i)));
    m.attr("event_kinds") = kinds;
    py::class_<PySession> c(m, "Session");
    bind_setup(c);
    bind_running(c);
    bind_results(c);
    bind_inspection(c);
}

}  // namespace bbmsim::python
