#include "array_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace hoist {

namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 12> inputs_words{
    "x",    "input",   "inputs",   "image",  "images",   "img",
    "imgs", "feature", "features", "pixels", "pictures", "patterns"};
constexpr std::array<std::string_view, 7> targets_words{"y",       "label",  "labels", "target",
                                                        "targets", "output", "outputs"};
constexpr std::array<std::string_view, 3> train_words{"train", "training", "trn"};
constexpr std::array<std::string_view, 4> test_words{"test", "testing", "tst", "t10k"};
constexpr std::array<std::string_view, 6> other_words{"val", "valid",   "validation",
                                                      "dev", "holdout", "extra"};
// What says nothing by itself; `data` are the inputs where no other word tells the role.
constexpr std::array<std::string_view, 4> fillers{"data", "set", "dataset", "orig"};

template <std::size_t Count>
bool is_in(const std::array<std::string_view, Count>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

ArrayRole role_of(std::string_view word) {
    return is_in(inputs_words, word)    ? ArrayRole::inputs
           : is_in(targets_words, word) ? ArrayRole::targets
                                        : ArrayRole::none;
}

NamedPart part_of(std::string_view word) {
    return is_in(train_words, word)   ? NamedPart::train
           : is_in(test_words, word)  ? NamedPart::test
           : is_in(other_words, word) ? NamedPart::other
                                      : NamedPart::none;
}

/// Cuts at what is neither letter nor digit and where a capital follows a small letter.
Words words_of(std::string_view name) {
    const auto is = [](int (*test)(int), char c) {
        return test(static_cast<unsigned char>(c)) != 0;
    };
    Words words;
    bool open = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (!is(std::isalnum, name[i])) {
            open = false;
            continue;
        }
        const bool capital = is(std::isupper, name[i]);
        const bool after_small = i > 0 && !is(std::isupper, name[i - 1]);
        const bool before_small = i + 1 < name.size() && is(std::islower, name[i + 1]);
        const bool after_capital = i > 0 && is(std::isupper, name[i - 1]);
        if (!open || (capital && (after_small || (after_capital && before_small)))) {
            words.emplace_back();
            open = true;
        }
        words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return words;
}

/// `xtrain` as x and train, `testlabels` as test and labels; other words as they are.
Words taken_apart(const std::string& word) {
    for (std::size_t cut = 1; cut < word.size(); ++cut) {
        const std::string front = word.substr(0, cut);
        const std::string back = word.substr(cut);
        if ((role_of(front) != ArrayRole::none && part_of(back) != NamedPart::none) ||
            (part_of(front) != NamedPart::none && role_of(back) != ArrayRole::none)) {
            return {front, back};
        }
    }
    return {word};
}

}  // namespace

ArrayName::ArrayName(std::string_view name) {
    Words words;
    for (const std::string& word : words_of(name)) {
        std::ranges::move(taken_apart(word), std::back_inserter(words));
    }
    // The last word that tells a role does: data/images, images/train/x.
    auto telling = std::find_if(words.rbegin(), words.rend(), [](const std::string& word) {
        return role_of(word) != ArrayRole::none;
    });
    if (telling == words.rend()) {
        telling = std::find(words.rbegin(), words.rend(), "data");
    }
    plain = telling != words.rend();
    if (plain) {
        role = *telling == "data" ? ArrayRole::inputs : role_of(*telling);
    }
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        const NamedPart named = part_of(*word);
        if (named != NamedPart::none) {
            plain = plain && (part == NamedPart::none || part == named);
            part = part == NamedPart::none ? named : part;
            continue;
        }
        without_part.push_back(*word);
        if (word != telling) {
            rest.push_back(*word);
            plain = plain && (is_in(fillers, *word) || role_of(*word) != ArrayRole::none);
        }
    }
    std::ranges::sort(rest);
    std::ranges::sort(without_part);
}

}  // namespace hoist
