#pragma once

#include "hoist/problem/samples.hpp"

namespace hoist {

/// How near a picture comes to the clean one; both have values from 0 to 1.
struct PictureQuality {
    /// -10 log10 of the mean squared difference, in decibel; at most 100.
    double psnr = 0.0;
    /// The mean structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004): windows of 11 x 11 pixels under a
    /// Gaussian of deviation 1.5, K = (0.01, 0.03), inside the picture alone; the mean over channels. Of a smaller picture
    /// one window that is as large as it, all alike.
    double ssim = 0.0;
};

/// @pre both have shape.size() rows.
PictureQuality compare_pictures(const Shape& shape, const Vector<double>& clean,
                                const Vector<double>& made);

/// The picture that a column of outputs stands for, from 0 to 1, without what was added to fit the network.
/// @param column of `samples` that it belongs to. @param u network.outputs() rows.
template <typename Scalar>
Vector<double> made_picture(const NetworkSpec& network, const Samples<Scalar>& samples,
                            Index column, const ConstMatrixRef<Scalar>& u);

/// The same from what the network was given.
/// @param unit that 1 of the outputs stands for. @param given, u of the network's sizes. @param picture without what was
/// added to fit the network.
Vector<double> made_picture(const NetworkSpec& network, const Shape& picture, double unit,
                            const Vector<double>& given, const Vector<double>& u);

}  // namespace hoist
