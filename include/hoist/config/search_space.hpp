#pragma once

#include <string>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// The values that a search may give to one configuration key.
struct SearchRange {
    enum class Scale { linear, log };
    enum class Numbers { real, whole };

    std::string key;
    double low = 0.0;
    double high = 1.0;
    Scale scale = Scale::linear;
    Numbers numbers = Numbers::real;

    /// The value at `position` in [0, 1], written with 4 significant digits, or as a whole number.
    std::string value(double position) const;
    /// Where in [0, 1] a value is.
    double position(double value) const;
};

/// Reads "LOW HIGH", "LOW HIGH log", with "integer" for whole numbers. @throws UsageError.
SearchRange parse_search_range(const std::string& key, const std::string& text);

/// The ranges in the [tune] section of a configuration, as a unit cube.
class SearchSpace {
  public:
    /// @throws UsageError: no range, a malformed one, or one with values that the configuration
    /// does not take.
    explicit SearchSpace(const ConfigText& text);

    const std::vector<SearchRange>& ranges() const { return ranges_; }
    Index dimensions() const { return std::ssize(ranges_); }

    /// One value per range at a point of the cube, and the point of values.
    std::vector<std::string> values(const Vector<double>& point) const;
    Vector<double> point(const std::vector<std::string>& values) const;

    /// The configuration with these values and without [tune].
    ConfigText settings(const std::vector<std::string>& values) const;

  private:
    void check() const;

    ConfigText fixed_;
    std::vector<SearchRange> ranges_;
};

}  // namespace hoist
