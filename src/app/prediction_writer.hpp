#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hoist/problem/model_file.hpp"

namespace hoist {

/// Where predictions go, piece by piece; the file appears when it is complete.
class PredictionWriter {
  public:
    virtual ~PredictionWriter() = default;
    /// outputs x samples, below the energies where there are no targets.
    virtual void add(const Matrix<double>& scores) = 0;
    virtual void finish() = 0;
};

/// What a table of predictions calls each output.
std::vector<std::string> prediction_names(const NetworkSpec& network);

/// @param out that ends with .csv, or else is an HDF5 file. @param samples that will be added.
/// @throws OutputError.
std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out,
                                                         const ModelHeader& header, Index samples);

}  // namespace hoist
