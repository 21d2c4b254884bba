// SPDX-License-Identifier: Apache-2.0
// State as bytes, and back: one function for both directions, so that they can't disagree.
//
// A class that has state declares `void archive(Archive&)` and names its fields there once:
//
//     void Thing::archive(Archive& ar) {
//         auto& [config, count, list] = *this;  // every member: one that is added later does not compile until named
//         ar(count, list);                      // those that are state; the others come from the configuration
//     }
//
// Numbers, enumerations and plain structs without pointers go as the bytes that they are, so a state fits only a build
// with the same layout (snapshot/layout.hpp), which is checked before it comes here. Containers whose elements others
// point to are read in place: fixed(). Reading never runs past the end and never allocates more than the bytes at hand
// can fill; what it then finds wrong throws StateError.
#pragma once

#include "models/mmu/types.hpp"

#include <array>
#include <bitset>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace bbmsim {

class StateError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Archive {
public:
    Archive() = default;                                                           // writes
    explicit Archive(std::span<const u8> bytes) : loading_(true), left_(bytes) {}  // reads

    [[nodiscard]] bool loading() const { return loading_; }
    [[nodiscard]] std::span<const u8> left() const { return left_; }  // to be read
    [[nodiscard]] std::vector<u8>& written() { return out_; }

    template <class... T>
    void operator()(T&... items) {
        (item(items), ...);
    }
    // A name between two parts: what was written and what is read are at the same place.
    void part(std::string_view name) {
        std::string text(name);
        item(text);
        if (text != name) throw StateError("state of '" + std::string(name) + "' expected");
    }
    // Elements in place: the container has its size already, and keeps it.
    template <class C>
    void fixed(C& container) {
        u64 n = container.size();
        item(n);
        if (n != container.size()) throw StateError("a structure of another size");
        if constexpr (requires { container.data(); } && is_plain<typename C::value_type>())
            raw(container.data(), n * sizeof(typename C::value_type));
        else
            for (auto& element : container) item(element);
    }
    void raw(void* bytes, std::size_t size) {
        if (size == 0) return;
        if (!loading_) {
            const auto* from = static_cast<const u8*>(bytes);
            out_.insert(out_.end(), from, from + size);
            return;
        }
        if (size > left_.size()) throw StateError("the state ends too early");
        std::memcpy(bytes, left_.data(), size);
        left_ = left_.subspan(size);
    }

private:
    template <class T>
    static constexpr bool has_archive() {
        return requires(T & t, Archive & ar) { t.archive(ar); };
    }
    template <class T>
    static constexpr bool is_plain() {
        return std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !has_archive<T>();
    }
    [[nodiscard]] u64 count(std::size_t now) {
        u64 n = now;
        item(n);
        if (loading_ && n > left_.size()) throw StateError("a list longer than the state");
        return n;
    }

    template <class T>
    void item(T& value) {
        static_assert(!std::is_const_v<T>, "constants come from the configuration");
        if constexpr (has_archive<T>()) {
            value.archive(*this);
        } else {
            static_assert(is_plain<T>(), "a type without archive() that is more than its bytes");
            raw(&value, sizeof value);
        }
    }
    void item(std::string& text) { sequence(text); }
    template <class T, class A>
    void item(std::vector<T, A>& list) {
        sequence(list);
    }
    template <class T>
    void item(std::deque<T>& list) {
        const u64 n = count(list.size());
        if (loading_) list.resize(n);
        for (T& element : list) item(element);
    }
    void item(std::vector<bool>& list) {
        const u64 n = count(list.size());
        if (loading_) list.resize(n);
        for (u64 i = 0; i < n; ++i) {
            bool bit = list[i];
            item(bit);
            list[i] = bit;
        }
    }
    template <class C>
    void sequence(C& list) {
        const u64 n = count(list.size());
        if (loading_) list.resize(n);
        if constexpr (is_plain<typename C::value_type>())
            raw(list.data(), n * sizeof(typename C::value_type));
        else
            for (auto& element : list) item(element);
    }
    template <class T, std::size_t N>
    void item(std::array<T, N>& list) {
        if constexpr (is_plain<T>())
            raw(list.data(), sizeof list);
        else
            for (T& element : list) item(element);
    }
    template <class T, std::size_t N>
    void item(T (&list)[N]) {
        for (T& element : list) item(element);
    }
    template <class T>
    void item(std::optional<T>& value) {
        bool there = value.has_value();
        item(there);
        if (loading_ && there) value.emplace();
        if (loading_ && !there) value.reset();
        if (there) item(*value);
    }
    template <class A, class B>
    void item(std::pair<A, B>& both) {
        (*this)(both.first, both.second);
    }
    template <class... T>
    void item(std::tuple<T...>& all) {
        std::apply([this](T&... each) { (*this)(each...); }, all);
    }
    template <class T>
    void item(std::unique_ptr<T>& owned) {
        if (loading_) owned = std::make_unique<T>();
        item(*owned);
    }
    template <class C>
    requires requires { typename C::key_type; }
    void item(C& container) {
        const u64 n = count(container.size());
        if (!loading_) {
            for (auto& element : container) keyed<C>(element);
            return;
        }
        container.clear();
        for (u64 i = 0; i < n; ++i) {
            if constexpr (requires { typename C::mapped_type; }) {
                std::pair<typename C::key_type, typename C::mapped_type> element;
                item(element);
                container.emplace_hint(container.end(), std::move(element.first), std::move(element.second));
            } else {
                typename C::key_type key{};
                item(key);
                container.emplace_hint(container.end(), std::move(key));
            }
        }
    }
    template <class C, class E>
    void keyed(E& element) {
        if constexpr (requires { typename C::mapped_type; }) {
            auto key = element.first;
            (*this)(key, element.second);
        } else {
            auto key = element;
            item(key);
        }
    }

    bool loading_ = false;
    std::span<const u8> left_;
    std::vector<u8> out_;
};

}  // namespace bbmsim
