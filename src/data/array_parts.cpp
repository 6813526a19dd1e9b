#include <algorithm>
#include <set>

#include "array_choice.hpp"
#include "array_file.hpp"
#include "array_part.hpp"
#include "array_targets.hpp"
#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// Opens parts one after another and remembers what was read.
class Opener {
  public:
    Opener(const DataConfig& config, const DataUse& use)
        : config_(config), use_(use), targets_(use) {}

    std::unique_ptr<ArrayPart> open(const NamedFile& named, NamedPart part) {
        const ArrayFile& file = *named.file;
        const ArrayChoice choice = choose_arrays(named, config_, use_, part);
        std::unique_ptr<RowArray> inputs = file.open(choice.inputs);
        require_inputs(*inputs);
        used_.push_back(choice.inputs);
        Targets targets{.task = use_.task};
        if (choice.targets) {
            const std::unique_ptr<RowArray> array = file.open(*choice.targets);
            used_.push_back(*choice.targets);
            require_samples_first(*inputs, *array);
            targets = targets_.read(*array, inputs->rows(), class_names(file, choice));
        }
        auto opened =
            std::make_unique<ArrayPart>(std::move(inputs), file.declared_image(choice.inputs),
                                        std::move(targets), use_.largest);
        if (choice.column_names) {
            name_columns(*opened, texts(file, *choice.column_names));
        }
        return opened;
    }

    void remark_unread(const ArrayFile& file, ArrayPart& part) const {
        std::vector<std::string> unread;
        for (const std::string& name : file.names()) {
            if (std::ranges::count(used_, name) == 0) {
                unread.push_back(name);
            }
        }
        if (!unread.empty()) {
            part.add_remark(file.shown().string() +
                            " also holds what is not read: " + listed_arrays(unread));
        }
    }

  private:
    std::vector<std::string> class_names(const ArrayFile& file, const ArrayChoice& choice) {
        if (!choice.class_names || use_.task != Task::classes) {
            return {};
        }
        return texts(file, *choice.class_names);
    }

    /// None where the array is none of texts.
    std::vector<std::string> texts(const ArrayFile& file, const std::string& name) {
        const std::unique_ptr<RowArray> array = file.open(name);
        if (array->kind() != ElementKind::text) {
            return {};
        }
        used_.push_back(name);
        return array->read_texts();
    }

    // Names of something else are left aside.
    void name_columns(ArrayPart& part, const std::vector<std::string>& names) const {
        if (std::ssize(names) != part.features() ||
            std::set(names.begin(), names.end()).size() != names.size()) {
            return;
        }
        part.name_columns(names);
        const TableColumns& known = use_.table;
        if (known.named() && known.columns != part.table().columns) {
            std::vector<std::string> wanted;
            for (const TableColumn& column : known.columns) {
                wanted.push_back(column.name);
            }
            throw DataError(
                "the columns are not those of the model",
                "they are " + some_of(names) + ", and the model takes " + some_of(wanted),
                "give the columns that it was trained on, in their order");
        }
    }

    static void require_samples_first(const RowArray& inputs, const RowArray& targets) {
        const Index last = inputs.shape().back();
        const Index elements = targets.rows() * targets.row_size();
        if (inputs.shape().size() > 1 && inputs.rows() != targets.rows() &&
            inputs.rows() != elements && last > 1 &&
            (last == elements || (!targets.shape().empty() && last == targets.shape().back()))) {
            throw DataError("inputs and targets differ in number",
                            "there are " + std::to_string(inputs.rows()) + " inputs and " +
                                std::to_string(elements) + " in " + targets.shown() + "; " +
                                inputs.shown() + ", " + inputs.form() +
                                ", seems to have its samples last",
                            "transpose it to samples x features, or correct the file");
        }
    }

    const DataConfig& config_;
    const DataUse& use_;
    ArrayTargets targets_;
    std::vector<std::string> used_;
};

}  // namespace

DataParts open_arrays(const NamedFile& train, const NamedFile& test, const DataConfig& config,
                      const DataUse& use) {
    Opener opener(config, use);
    std::unique_ptr<ArrayPart> training;
    std::unique_ptr<ArrayPart> tested;
    if (train.file) {
        training = opener.open(train, NamedPart::train);
    }
    if (test.file) {
        tested = opener.open(test, NamedPart::test);
    } else if (train.inputs.empty() && has_inputs_of(*train.file, config, use, NamedPart::test)) {
        tested = opener.open(train, NamedPart::test);
    }
    ArrayPart& first = training ? *training : *tested;
    if (train.file) {
        opener.remark_unread(*train.file, first);
    }
    if (test.file && test.file != train.file) {
        opener.remark_unread(*test.file, first);
    }
    DataParts parts;
    parts.train = std::move(training);
    parts.test = std::move(tested);
    return parts;
}

}  // namespace hoist
