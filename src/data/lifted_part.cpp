#include "lifted_part.hpp"

#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

class LiftedPart final : public Dataset {
  public:
    LiftedPart(std::unique_ptr<Dataset> part, const InputLift& lift)
        : part_(std::move(part)), lift_(lift) {}

    Index samples() const override { return part_->samples(); }
    Index features() const override { return lift_.lifted(part_->features()); }
    bool labeled() const override { return part_->labeled(); }
    Index outputs() const override { return part_->outputs(); }
    std::vector<std::string> class_names() const override { return part_->class_names(); }
    std::string name(Index sample) const override { return part_->name(sample); }
    TableColumns table() const override { return part_->table(); }
    Index dropped() const override { return part_->dropped(); }
    std::string storage() const override { return part_->storage(); }
    std::vector<std::string> remarks() const override { return part_->remarks(); }

    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        const auto before = static_cast<std::size_t>(part_->features());
        const auto after = static_cast<std::size_t>(features());
        numbers_.resize(samples.size() * before);
        part_->read_inputs(samples, numbers_);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            lift_(std::span(numbers_).subspan(i * before, before),
                  columns.subspan(i * after, after));
        }
    }
    void read_labels(std::span<const Index> samples, std::span<Index> labels) override {
        part_->read_labels(samples, labels);
    }
    void read_values(std::span<const Index> samples, std::span<double> columns) override {
        part_->read_values(samples, columns);
    }

  private:
    std::unique_ptr<Dataset> part_;
    InputLift lift_;
    std::vector<double> numbers_;
};

}  // namespace

std::unique_ptr<Dataset> lift_part(std::unique_ptr<Dataset> part, const InputLift& lift) {
    if (part == nullptr || lift.empty()) {
        return part;
    }
    if (lift.lifted(part->features()) == 0) {
        throw UsageError("data.lift = " + to_text(lift) + " does not fit the data",
                         "the " + std::to_string(part->features()) +
                             " inputs of a sample would become more than " +
                             std::to_string(InputLift::most_lifted) + " numbers",
                         "use fewer labels, or each(LOWER,UPPER,LABELS)");
    }
    return std::make_unique<LiftedPart>(std::move(part), lift);
}

}  // namespace hoist
