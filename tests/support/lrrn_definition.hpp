#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <vector>

#include "support/small_training.hpp"

namespace hoist {

/// A lifted regression/reconstruction network by its definition (Hoier and Zach 2020, eqs. 1 and 17): the terms of
/// the energy are the rows of one least-squares problem over all blocks of a sample, dense and in double.
class LrrnDefinition {
  public:
    LrrnDefinition(const Config& config, const std::vector<Weights<double>>& weights)
        : config_(config), weights_(weights) {
        const FormulationOptions& options = config.formulation;
        moved_ = config.network.unsupervised() || options.reconstruction.back() > 0.0 ? maps()
                                                                                      : maps() - 1;
        offset_.push_back(0);
        for (Index k = 0; k < maps(); ++k) {
            offset_.push_back(offset_.back() + weights[at(k)].matrix.rows());
        }
    }

    /// z_1, z_2, ... one below the other: the minimizer for the input x, and where an output is given with that held.
    Eigen::VectorXd state(const Eigen::VectorXd& x, const Eigen::VectorXd* held = nullptr) const {
        const Rows rows = rows_of(x, held);
        const Eigen::MatrixXd hessian = rows.matrix.transpose() * rows.matrix;
        const Eigen::VectorXd right = -rows.matrix.transpose() * rows.constant;
        Eigen::VectorXd z = Eigen::VectorXd::Zero(hessian.rows());
        for (int sweep = 0; sweep < 100000; ++sweep) {
            double moved = 0.0;
            for (Index i = 0; i < z.size(); ++i) {
                const double free = z[i] + (right[i] - hessian.row(i).dot(z)) / hessian(i, i);
                const double next = std::clamp(free, lower(i), upper(i));
                moved = std::max(moved, std::abs(next - z[i]));
                z[i] = next;
            }
            if (moved < 1e-15) {
                break;
            }
        }
        return z;
    }
    /// Of any z.
    double energy(const Eigen::VectorXd& x, const Eigen::VectorXd& z,
                  const Eigen::VectorXd* held = nullptr) const {
        const Rows rows = rows_of(x, held);
        return 0.5 * (rows.matrix * z + rows.constant).squaredNorm();
    }
    Eigen::VectorXd block(const Eigen::VectorXd& z, Index k) const {
        return z.segment(offset_[at(k - 1)], offset_[at(k)] - offset_[at(k - 1)]);
    }
    Eigen::VectorXd output(const Eigen::VectorXd& x) const {
        const Eigen::VectorXd top = block(state(x), moved_);
        if (moved_ == maps()) {
            return top;
        }
        return weights_.back().matrix * top + weights_.back().bias;
    }
    /// Of the output, by the definition of OutputBlock's; 0 where a clamped state stands in its place.
    double loss(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const {
        const FormulationOptions& options = config_.formulation;
        if (options.clamps()) {
            return 0.0;
        }
        const Eigen::VectorXd u = output(x) - options.offset * y;
        const double most = u.maxCoeff();
        switch (config_.network.output) {
            case Output::none:
                return 0.0;
            case Output::linear:
                return 0.5 * (u - y).squaredNorm();
            case Output::hinge:
                return std::max(0.0, most - y.dot(u));
            case Output::squared_hinge:
                return 0.5 * std::pow(std::max(0.0, most - y.dot(u)), 2);
            case Output::simplex:
            case Output::softmax:
                break;
        }
        const double t = options.temperature;
        return most - y.dot(u) + t * std::log(((u.array() - most) / t).exp().sum());
    }
    /// What training minimizes beside the loss, or in its place.
    double energies(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const {
        const FormulationOptions& options = config_.formulation;
        const double free = energy(x, state(x));
        const double weighted = options.energy > 0.0 ? options.energy * free : 0.0;
        if (!options.clamps()) {
            return weighted;
        }
        const double clamped = energy(x, state(x, &y), &y);
        return weighted + clamped - (options.phase == LrrnPhase::clamped ? free : 0.0);
    }

  private:
    struct Rows {
        Eigen::MatrixXd matrix;
        Eigen::VectorXd constant;
    };
    static std::size_t at(Index k) { return static_cast<std::size_t>(k); }
    Index maps() const { return config_.network.layers(); }

    Rows rows_of(const Eigen::VectorXd& x, const Eigen::VectorXd* held) const {
        const Index blocks = held != nullptr ? maps() - 1 : moved_;
        const Index terms = held != nullptr ? maps() : moved_;
        Index count = 0;
        for (Index k = 0; k < terms; ++k) {
            count += weights_[at(k)].matrix.rows() + weights_[at(k)].matrix.cols();
        }
        Rows rows{Eigen::MatrixXd::Zero(count, offset_[at(blocks)]), Eigen::VectorXd::Zero(count)};
        Index row = 0;
        for (Index k = 0; k < terms; ++k) {
            const Eigen::MatrixXd& w = weights_[at(k)].matrix;
            const double discount =
                std::pow(config_.formulation.gamma, 0.5 * static_cast<double>(k));
            const double beta = std::sqrt(config_.formulation.reconstruction[at(k)]);
            const Index m = w.rows();
            const Index n = w.cols();
            // z_{k+1} - W z_k - b, and W'z_{k+1} - z_k
            rows.constant.segment(row, m) = -weights_[at(k)].bias;
            if (k < blocks) {
                rows.matrix.block(row, offset_[at(k)], m, m).setIdentity();
                rows.matrix.block(row + m, offset_[at(k)], n, m) = beta * w.transpose();
            } else {
                rows.constant.segment(row, m) += *held;
                rows.constant.segment(row + m, n) += beta * w.transpose() * *held;
            }
            if (k == 0) {
                rows.constant.segment(row, m) -= w * x;
                rows.constant.segment(row + m, n) -= beta * x;
            } else {
                rows.matrix.block(row, offset_[at(k - 1)], m, n) = -w;
                rows.matrix.block(row + m, offset_[at(k - 1)], n, n) =
                    -beta * Eigen::MatrixXd::Identity(n, n);
            }
            rows.matrix.middleRows(row, m + n) *= discount;
            rows.constant.segment(row, m + n) *= discount;
            row += m + n;
        }
        return rows;
    }
    double lower(Index i) const { return bound(i, -1.0); }
    double upper(Index i) const { return bound(i, 1.0); }
    double bound(Index i, double sign) const {
        Index k = 1;
        while (i >= offset_[at(k)]) {
            ++k;
        }
        if (k == maps() && !config_.network.unsupervised()) {
            return sign * std::numeric_limits<double>::infinity();
        }
        const std::string name = config_.network.activation(k).name();
        if (name == "relu") {
            return sign < 0.0 ? 0.0 : std::numeric_limits<double>::infinity();
        }
        return name == "hard_tanh"      ? sign
               : name == "hard_sigmoid" ? (sign < 0.0 ? 0.0 : 1.0)
                                        : sign * std::numeric_limits<double>::infinity();
    }

    Config config_;
    std::vector<Weights<double>> weights_;
    Index moved_ = 0;
    std::vector<Index> offset_;
};

}  // namespace hoist
