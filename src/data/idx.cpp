#include <array>

#include "array_part.hpp"
#include "array_targets.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "idx_sets.hpp"

namespace hoist {

namespace {

/// What an IDX file may hold: how many dimensions, and what its first four bytes usually are.
struct IdxKind {
    const char* what;
    Index least_dimensions;
    Index most_dimensions;
    Index usual_magic;
};

constexpr IdxKind images{"images", 2, 4, 2051};
constexpr IdxKind labels{"labels", 1, 2, 2049};

std::optional<ElementType> idx_type(unsigned char code) {
    const auto whole = [](std::size_t size, bool is_signed) {
        return ElementType{.kind = is_signed ? ElementKind::integer : ElementKind::byte,
                           .size = size,
                           .big_endian = true,
                           .is_signed = is_signed};
    };
    switch (code) {
        case 0x08:
            return whole(1, false);
        case 0x09:
            return whole(1, true);
        case 0x0B:
            return whole(2, true);
        case 0x0C:
            return whole(4, true);
        case 0x0D:
            return ElementType{.kind = ElementKind::real, .size = 4, .big_endian = true};
        case 0x0E:
            return ElementType{.kind = ElementKind::real, .size = 8, .big_endian = true};
        default:
            return std::nullopt;
    }
}

std::unique_ptr<RowArray> open_array(const std::filesystem::path& path, const IdxKind& kind) {
    auto bytes = open_bytes(path);
    std::vector<double> numbers;
    const auto read_numbers = [&](Index position, std::size_t count) {
        constexpr ElementType type{.kind = ElementKind::integer, .size = 4, .big_endian = true};
        std::vector<char> raw(4 * count);
        numbers.resize(count);
        bytes->read(position, raw, "its header is complete");
        type.to_numbers(raw.data(), numbers);
        return raw;
    };
    const std::vector<char> magic = read_numbers(0, 1);
    const auto type = idx_type(static_cast<unsigned char>(magic[2]));
    const auto dimensions = static_cast<Index>(magic[3]);
    if (magic[0] != 0 || magic[1] != 0 || !type || dimensions < kind.least_dimensions ||
        dimensions > kind.most_dimensions) {
        throw DataError(path.string() + " is not an IDX file of " + kind.what,
                        "it begins with " + to_text(numbers[0]) + " in the place of " +
                            std::to_string(kind.usual_magic) + ", or of what stands for " +
                            std::to_string(kind.least_dimensions) + " to " +
                            std::to_string(kind.most_dimensions) +
                            " dimensions of numbers of another type",
                        "check data.path");
    }
    read_numbers(4, static_cast<std::size_t>(dimensions));
    return stored_array(
        path.string(), std::move(bytes),
        {.offset = 4 + 4 * dimensions, .type = *type, .shape = {numbers.begin(), numbers.end()}});
}

/// The class of each sample in the labels of QMNIST, which tell seven more things of each.
class FirstColumn : public RowArray {
  public:
    explicit FirstColumn(std::unique_ptr<RowArray> array)
        : RowArray(array->shown(), {array->rows()}, array->kind(), "numbers"),
          array_(std::move(array)) {}

    static bool is_in(const RowArray& array) {
        return array.kind() == ElementKind::integer && array.row_size() == 8;
    }

    void read_rows(Index first, std::span<double> classes) override {
        std::vector<double> row(static_cast<std::size_t>(array_->row_size()));
        for (double& number : classes) {
            array_->read_rows(first++, row);
            number = row.front();
        }
    }

    std::vector<std::string> read_texts() override { return array_->read_texts(); }

  private:
    std::unique_ptr<RowArray> array_;
};

std::unique_ptr<ArrayPart> open_part(const IdxSet& set, ArrayTargets& reader, const DataUse& use) {
    auto inputs = open_array(set.images, images);
    Targets targets{.task = use.task};
    std::string remark;
    if (set.labels) {
        auto array = open_array(*set.labels, labels);
        if (FirstColumn::is_in(*array)) {
            remark = array->shown() + " is " + array->form() +
                     "; the first of each row is taken as the class";
            array = std::make_unique<FirstColumn>(std::move(array));
        }
        targets = reader.read(*array, inputs->rows(), {});
    }
    auto part = std::make_unique<ArrayPart>(std::move(inputs), std::pair<Index, Index>{0, 0},
                                            std::move(targets), use.largest);
    if (!remark.empty()) {
        part->add_remark(remark);
    }
    return part;
}

}  // namespace

DataParts open_idx(const DataConfig& config, const DataUse& use) {
    const IdxChoice choice = choose_idx_sets(config);
    ArrayTargets targets(use);
    std::unique_ptr<ArrayPart> train;
    std::unique_ptr<ArrayPart> test;
    if (choice.train) {
        train = open_part(*choice.train, targets, use);
    }
    if (choice.test) {
        test = open_part(*choice.test, targets, use);
    }
    if (!choice.unread.empty()) {
        constexpr std::size_t most = 12;
        const std::span<const std::string> shown =
            std::span(choice.unread).first(std::min(most, choice.unread.size()));
        (train ? train : test)
            ->add_remark("not read, though it lies there: " + join(shown, ", ") +
                         (choice.unread.size() > most
                              ? " and " + std::to_string(choice.unread.size() - most) + " more"
                              : ""));
    }
    DataParts parts;
    parts.train = std::move(train);
    parts.test = std::move(test);
    return parts;
}

}  // namespace hoist
