#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hoist/base/shape.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// A number that an inversion says of a sample. `descent` stands for gradient descent through the network.
enum class InversionFigure {
    alpha,
    /// |N(x) - y|, and over |y|.
    residual,
    relative_residual,
    energy,
    sweeps,
    ending,
    /// |x - true input| over |true input|, and how alike they are as pictures.
    error,
    psnr,
    ssim,
    descent_error,
    descent_psnr,
    descent_ssim
};
constexpr Index inversion_figures = 12;

/// The folder of an inversion: inputs.h5 with /input (samples x inputs, in the unit of the data) and /given (what
/// they were found for), pictures/NAME.png where the inputs are pictures, inversion.csv with a row for each sample, and
/// summary.json. Used by rank 0 alone; functions throw OutputError.
class InversionWriter {
  public:
    /// Makes the folder, so that one that cannot be made is found out at once. @param picture one place where the inputs are none, or no PNG file could
    /// hold them. @throws OutputError where it cannot, or holds anything.
    InversionWriter(std::filesystem::path folder, const Shape& picture, Index inputs, Index given,
                    Index samples, std::vector<InversionFigure> figures);

    /// Of the next samples. @param values of all InversionFigure x samples. @param x inputs x samples. @param y given x
    /// samples.
    void add(const std::vector<std::string>& names, const Matrix<double>& values,
             const Matrix<double>& x, const Matrix<double>& y);
    /// Writes the table and the summary, whose figures follow `settings`. @return that.
    nlohmann::ordered_json finish(const nlohmann::ordered_json& settings);

  private:
    std::string table() const;

    std::filesystem::path folder_;
    Shape picture_;
    Index inputs_;
    Index given_;
    std::vector<InversionFigure> figures_;
    std::unique_ptr<Hdf5Writer> file_;
    std::vector<std::string> names_;
    /// InversionFigure x samples.
    Matrix<double> values_;
};

}  // namespace hoist
