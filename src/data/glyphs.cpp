#include <algorithm>
#include <array>

#include "draw_glyph.hpp"
#include "formats.hpp"
#include "glyph_strokes.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/random.hpp"
#include "part.hpp"

namespace hoist {

namespace {

class Glyphs : public Dataset {
  public:
    /// @param first the number of the first sample in the endless row of samples.
    Glyphs(Index samples, std::uint64_t seed, std::uint64_t first, Task task)
        : samples_(samples), seed_(seed), first_(first), task_(task) {}

    Index samples() const override { return samples_; }
    Index features() const override { return glyph_size * glyph_size; }
    bool labeled() const override { return true; }
    Index outputs() const override { return task_ == Task::classes ? std::ssize(glyphs()) : 1; }
    std::pair<Index, Index> image_size() const override { return {glyph_size, glyph_size}; }

    std::vector<std::string> class_names() const override {
        std::vector<std::string> names;
        for (std::size_t i = 0; task_ == Task::classes && i < glyphs().size(); ++i) {
            names.push_back(glyphs()[i].name);
        }
        return names;
    }

    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        check_request(*this, samples, columns.size(), features());
        std::array<std::uint8_t, glyph_size * glyph_size> pixels;
        auto out = columns.begin();
        for (const Index sample : samples) {
            std::mt19937_64 engine = engine_of(sample);
            const Index glyph = draw_glyph_class(engine);
            draw_glyph(glyph, engine, pixels);
            out = std::ranges::transform(pixels, out, [](std::uint8_t pixel) {
                      return pixel / 255.0;
                  }).out;
        }
    }

    void read_labels(std::span<const Index> samples, std::span<Index> labels) override {
        require(task_ == Task::classes, "the data have classes");
        check_request(*this, samples, labels.size(), 1);
        std::ranges::transform(samples, labels.begin(),
                               [&](Index sample) { return glyph(sample); });
    }

    void read_values(std::span<const Index> samples, std::span<double> columns) override {
        require(task_ == Task::values, "the data have values");
        check_request(*this, samples, columns.size(), 1);
        std::ranges::transform(samples, columns.begin(),
                               [&](Index sample) { return static_cast<double>(glyph(sample)); });
    }

  private:
    std::mt19937_64 engine_of(Index sample) const {
        return random_engine(seed_, Purpose::glyphs, first_ + static_cast<std::uint64_t>(sample));
    }

    Index glyph(Index sample) const {
        std::mt19937_64 engine = engine_of(sample);
        return draw_glyph_class(engine);
    }

    Index samples_;
    std::uint64_t seed_;
    std::uint64_t first_;
    Task task_;
};

}  // namespace

DataParts open_glyphs(const DataConfig& config, const DataUse& use) {
    if (config.samples < 1 || config.test_samples < 0) {
        throw UsageError("there are no glyphs to draw",
                         "data.samples is " + std::to_string(config.samples) +
                             " and data.test_samples " + std::to_string(config.test_samples),
                         "ask for one sample or more");
    }
    // So far into the row that no training sample comes near it.
    constexpr std::uint64_t first_of_test = std::uint64_t{1} << 63;
    DataParts parts;
    parts.train = std::make_unique<Glyphs>(config.samples, config.seed, 0, use.task);
    if (config.test_samples > 0) {
        parts.test =
            std::make_unique<Glyphs>(config.test_samples, config.seed, first_of_test, use.task);
    }
    return parts;
}

}  // namespace hoist
