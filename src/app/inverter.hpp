#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hoist/data/dataset.hpp"
#include "hoist/train/inversion.hpp"
#include "inversion_writer.hpp"
#include "model_argument.hpp"

namespace hoist {

/// What the command line of invert says.
struct InversionSettings {
    PriorKind prior = PriorKind::tikhonov;
    Variation variation = Variation::isotropic;
    /// Of the box, in the unit of the data.
    double lower = 0.0;
    double upper = 1.0;
    /// None: chosen for each sample by the discrepancy principle.
    std::optional<double> alpha;
    /// The length of the noise over that of the values that it is added to.
    double noise = 0.0;
    std::uint64_t seed = 1;
    /// What is given: the activations of a hidden layer, or the outputs (0).
    Index layer = 0;
    /// The file that holds it; empty: what the network makes of samples.
    std::string given;
    /// Of the inputs, where neither the model nor the data know it.
    std::optional<Shape> picture;
    double lambda = 0.03;
    /// 0: all.
    Index samples = 0;
    int sweeps = 0;
    double tolerance = 0.0;
    bool compares = false;
};

/// The residual that an alpha is chosen for, over the length of the noise, and the noise that is reckoned with where
/// there is less.
constexpr double residual_over_noise = 1.1;
constexpr double least_noise = 1e-3;

/// A model that a rank holds whole, and the samples whose outputs are inverted, or the values to invert where they come
/// from a file.
struct InvertedModel {
    ModelHeader header;
    Stage<double> stage;
    std::unique_ptr<Dataset> data;
    bool values = false;
    /// Of the data, the first ones.
    Index samples = 0;
    /// One place where the inputs are no picture.
    Shape picture;
};

/// Collective over the world. @throws UsageError where the model and the settings do not go together, and as
/// read_model_header() and open_for_model(), on every rank.
InvertedModel open_inverted(const Communicator& world, const std::filesystem::path& path,
                            const InversionSettings& settings, const ConfigText& data_keys);

/// What was found for some samples, a column for each; zero on the ranks that did not find it.
struct InversionShare {
    /// In the unit of the data.
    Matrix<double> x;
    /// What was given, noise included.
    Matrix<double> y;
    /// InversionFigure x samples.
    Matrix<double> figures;
};

/// Makes the outputs of samples and adds the noise, or takes given values, and inverts them. Local to a rank.
class Inverter {
  public:
    /// Both must outlive it. @throws UsageError for an activation that no penalty carries.
    Inverter(const InvertedModel& model, const InversionSettings& settings);

    Index inputs() const { return model_.header.network.inputs(); }
    /// Numbers that are given of a sample.
    Index given() const;
    /// Of which there are figures.
    std::vector<InversionFigure> figures() const;
    /// Inverts the samples of the data from `first` on that belong into `columns` of the share.
    /// @throws DataError, NumericalError.
    void invert(Index first, Range columns, InversionShare& share) const;

  private:
    InversionOptions options() const;
    PriorOptions prior() const;
    Matrix<double> read(Index first, Index count) const;
    /// The values that the network answers with, of those of a file.
    Matrix<double> in_network_unit(Matrix<double> values) const;
    bool sees_data_unit() const { return settings_.prior == PriorKind::tv; }
    void add_noise(Index first, Matrix<double>& y) const;
    Matrix<double> in_data_unit(Matrix<double> x) const;
    void compare(const Vector<double>& truth, const Vector<double>& x, double& error, double& psnr,
                 double& ssim) const;

    const InvertedModel& model_;
    const InversionSettings& settings_;
    Inversion inversion_;
};

}  // namespace hoist
