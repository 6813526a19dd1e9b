#include "array_choice.hpp"

#include <algorithm>
#include <span>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

using Names = std::vector<std::string>;

/// Chooses among the arrays of a file by the configuration, or by what their names say.
class Chooser {
  public:
    Chooser(const ArrayFile& file, const DataConfig& config, const DataUse& use)
        : file_(file), config_(config), use_(use), names_(file.names()) {
        for (const std::string& name : names_) {
            said_.emplace_back(name);
        }
    }

    /// Whether there are inputs that are called those of the part.
    bool holds(NamedPart part) const {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (said_[i].part == part &&
                (config_.inputs.empty() ? said_[i].plain && said_[i].role == ArrayRole::inputs
                                        : alike(config_.inputs, i))) {
                return true;
            }
        }
        return false;
    }

    ArrayChoice choose(NamedPart part, const std::string& given_inputs) const {
        ArrayChoice choice;
        choice.inputs = given_inputs.empty() ? inputs(part) : given_inputs;
        const ArrayName said(choice.inputs);
        // A file whose name says nothing may have nothing to do with what lies beside it.
        if (given_inputs.empty() || said.role != ArrayRole::none || !config_.target.empty()) {
            choice.targets = targets(part, said);
        }
        choice.class_names = first_of({"class_names", "target_names", "label_names"});
        choice.column_names = first_of({"feature_names", "column_names"});
        return choice;
    }

  private:
    std::optional<std::string> first_of(const Names& usual) const {
        const auto found = std::ranges::find_if(
            usual, [&](const std::string& name) { return std::ranges::count(names_, name) > 0; });
        return found == usual.end() ? std::nullopt : std::optional(*found);
    }

    /// A name as the configuration may give it: with a leading slash or the ending of its file.
    static std::string bare(std::string name) {
        name.erase(0, std::min(name.find_first_not_of('/'), name.size()));
        if (name.ends_with(".npy")) {
            name.resize(name.size() - 4);
        }
        return name;
    }

    /// Whether the array is called `asked`, or would be but for the part that it names.
    bool alike(const std::string& asked, std::size_t array) const {
        return names_[array] == bare(asked) ||
               said_[array].without_part == ArrayName(bare(asked)).without_part;
    }

    /// The array that the configuration means for the part.
    std::optional<std::string> find(const std::string& asked, NamedPart part) const {
        const std::string name = bare(asked);
        const bool there = std::ranges::count(names_, name) > 0;
        const NamedPart named = ArrayName(name).part;
        if (there && (named == NamedPart::none || named == part)) {
            return name;
        }
        for (const NamedPart wanted : {part, NamedPart::none}) {
            Names found;
            for (std::size_t i = 0; i < names_.size(); ++i) {
                if (said_[i].part == wanted && alike(asked, i)) {
                    found.push_back(names_[i]);
                }
            }
            if (found.size() == 1) {
                return found.front();
            }
        }
        return there ? std::optional(name) : std::nullopt;
    }

    std::string inputs(NamedPart part) const {
        if (!config_.inputs.empty()) {
            if (const auto found = find(config_.inputs, part)) {
                return *found;
            }
            fail_without(config_.inputs, "data.inputs");
        }
        for (const NamedPart wanted : {part, NamedPart::none}) {
            const Names found = called(ArrayRole::inputs, wanted, nullptr);
            if (found.size() == 1) {
                return found.front();
            }
            if (found.size() > 1) {
                fail_ambiguous("inputs", found, "data.inputs");
            }
        }
        if (names_.size() == 1 && names_.front() == "arr_0") {  // as numpy calls what has no name
            return names_.front();
        }
        const std::string why = file_.why_not("inputs");
        throw DataError(
            file_.shown().string() + " has no data set inputs",
            "it holds " + listed_arrays(names_) + (why.starts_with("inputs") ? "; " + why : ""),
            "name the one with the samples by data.inputs, and their labels by "
            "data.target");
    }

    std::optional<std::string> targets(NamedPart part, const ArrayName& inputs) const {
        if (!config_.target.empty()) {
            auto found = find(config_.target, part);
            // A model is also used on data without labels.
            if (!found && use_.features == 0) {
                fail_without(config_.target, "data.target");
            }
            return found;
        }
        Names found = called(ArrayRole::targets, inputs.part, &inputs);
        if (use_.task == Task::classes) {  // what hoist itself calls so are values
            std::erase_if(found, [&](const std::string& name) {
                return name == "targets" && file_.open(name)->kind() == ElementKind::real;
            });
        }
        if (found.size() > 1) {
            fail_ambiguous("targets", found, "data.target");
        }
        return found.empty() ? std::nullopt : std::optional(found.front());
    }

    /// The arrays whose names say that they are what is asked for, or the one with hoist's own name.
    /// @param beside the inputs that targets belong to: apart from the role, both are called alike.
    Names called(ArrayRole role, NamedPart part, const ArrayName* beside) const {
        const std::string usual = role == ArrayRole::inputs    ? "inputs"
                                  : use_.task == Task::classes ? "labels"
                                                               : "targets";
        Names found;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const bool called = beside != nullptr && beside->role == ArrayRole::inputs
                                    ? said_[i].rest == beside->rest
                                    : said_[i].plain;
            if (said_[i].role == role && said_[i].part == part && called) {
                found.push_back(names_[i]);
            }
        }
        return std::ranges::count(found, usual) > 0 ? Names{usual} : found;
    }

    [[noreturn]] void fail_without(const std::string& asked, const std::string& key) const {
        const std::string why = file_.why_not(bare(asked));
        const auto meant = nearest(bare(asked), names_);
        throw DataError(file_.shown().string() + " has no data set " + asked,
                        (why.empty() ? "" : why + "; ") + "it holds " + listed_arrays(names_),
                        meant ? "did you mean " + *meant + "?" : "check " + key);
    }

    [[noreturn]] void fail_ambiguous(const std::string& what, const Names& found,
                                     const std::string& key) const {
        throw UsageError("which are the " + what + " in " + file_.shown().string(),
                         listed_arrays(found) + " may be", "name one by " + key);
    }

    const ArrayFile& file_;
    const DataConfig& config_;
    const DataUse& use_;
    Names names_;
    std::vector<ArrayName> said_;
};

}  // namespace

std::string listed_arrays(const Names& names) {
    constexpr std::size_t most = 20;
    if (names.empty()) {
        return "no array";
    }
    return join(std::span(names).first(std::min(most, names.size())), ", ") +
           (names.size() > most ? " and " + std::to_string(names.size() - most) + " more" : "");
}

bool has_inputs_of(const ArrayFile& file, const DataConfig& config, const DataUse& use,
                   NamedPart part) {
    return Chooser(file, config, use).holds(part);
}

ArrayChoice choose_arrays(const NamedFile& named, const DataConfig& config, const DataUse& use,
                          NamedPart part) {
    return Chooser(*named.file, config, use).choose(part, named.inputs);
}

}  // namespace hoist
