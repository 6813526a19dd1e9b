#pragma once

#include "hoist/problem/samples.hpp"
#include "hoist/problem/stage.hpp"

namespace hoist {

/// Lets the first map whiten its windows, as network.whiten asks (Coates and Ng 2011): its rows are
/// pairs +-v' / sqrt(e + eps) of the eigenvectors v of the covariance of the windows of the first 5,000
/// samples, those of the largest eigenvalues e, eps = 5e-4 times the mean eigenvalue; b = -W m, m the
/// mean window, but where the map is normalized. Collective over the first stage's ranks.
/// @pre W has an even number of rows, at most twice its columns.
template <typename Scalar>
void whiten(const Samples<Scalar>& samples, const Communicator& peers, Stage<Scalar>& stage);

}  // namespace hoist
