#include "hoist/train/batch_sums.hpp"

namespace hoist {

namespace {

// Numbers that a matrix takes in the sums over shards: each begins where any vector instruction may,
// so that the order of additions within it depends neither on the stage nor on the process.
Index padded(Index numbers) { return (numbers + 15) / 16 * 16; }

}  // namespace

template <typename Scalar>
BatchSums<Scalar>::BatchSums(const Stage<Scalar>& stage, const Solvers& solvers, Index most_columns)
    : stage_(stage), most_columns_(most_columns) {
    Index next = 0;
    for (std::size_t i = 0; i < stage.weights.size(); ++i) {
        const Index n = stage.weights[i].matrix.cols();
        const Index m = stage.weights[i].matrix.rows();
        const Index input_gram = solvers[i]->wants_input_gram() ? n + 1 : 0;
        const Index signal_gram = solvers[i]->wants_signal_gram() ? m : 0;
        const bool keeps_inputs = solvers[i]->wants_inputs();
        const MapSpec& map = stage.network.map(stage.lowest() + static_cast<Index>(i));
        Place place{
            next,           0,          0, 0, 0, n, m, input_gram, signal_gram, keeps_inputs,
            map.normalized, map.adjoint};
        place.input_gram = place.gradient + padded(m * (n + 1));
        place.signal_gram = place.input_gram + padded(input_gram * input_gram);
        place.columns = place.signal_gram + padded(signal_gram * signal_gram);
        place.moments = place.columns + (keeps_inputs ? padded(n * most_columns) : 0);
        next = place.moments + (map.normalized ? padded(2 * m) : 0);
        places_.push_back(place);
    }
    values_.setZero(next);
}

template <typename Scalar>
void BatchSums<Scalar>::begin(Range positions, Index columns) {
    for (Index i = positions.begin; i < positions.end; ++i) {
        Place& place = places_[static_cast<std::size_t>(i)];
        place.empty = true;
        place.batch = columns;
        moments(place).setZero();
        if (place.keeps_inputs) {
            values_.segment(place.columns, place.inputs * most_columns_).setZero();
        }
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index first, const ConstMatrixRef<Scalar>& x,
                            MatrixRef<Scalar> s) {
    Place& place = places_[position];
    s *= place.mean();
    const auto add_pairs = [&](const ConstMatrixRef<Scalar>& windows,
                               const ConstMatrixRef<Scalar>& signals, Index at) {
        add_product(place, {0, place.outputs}, windows, signals);
        add_inputs(place, first + at, windows);
        add_signals(place, signals);
    };
    map(position).pairs(x, s, add_pairs);
    if (place.empty) {  // there were no columns
        add_pairs(Matrix<Scalar>(place.inputs, 0), Matrix<Scalar>(place.outputs, 0), 0);
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add_rows(std::size_t position, Index first, const ConstMatrixRef<Scalar>& x,
                                 MatrixRef<Scalar> s, Range rows) {
    Place& place = places_[position];
    auto own = s.middleRows(rows.begin, rows.size());
    own *= place.mean();
    add_product(place, rows, x, own);
    add_bias(place, rows, own);
    if (rows.begin == 0) {
        add_inputs(place, first, x);
    }
    if (rows.end == place.outputs) {
        add_signal_gram(place, s);
        place.empty = false;
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add_product(Place& place, Range rows, const ConstMatrixRef<Scalar>& x,
                                    const ConstMatrixRef<Scalar>& s) {
    auto product = gradient(place).block(rows.begin, 0, rows.size(), place.inputs);
    if (place.empty) {
        product.noalias() = s * x.transpose();
    } else {
        product.noalias() += s * x.transpose();
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add_bias(Place& place, Range rows, const ConstMatrixRef<Scalar>& s) {
    auto sums = gradient(place).col(place.inputs).segment(rows.begin, rows.size());
    if (place.adjoint) {  // has no bias
        sums.setZero();
    } else if (place.empty) {
        sums = s.rowwise().sum();
    } else {
        sums += s.rowwise().sum();
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add_inputs(Place& place, Index at, const ConstMatrixRef<Scalar>& x) {
    if (place.input_gram_size > 0) {
        Matrix<Scalar> extended(x.rows() + 1, x.cols());
        extended.topRows(x.rows()) = x;
        extended.row(x.rows()).setOnes();
        add_input_gram(place, extended);
    }
    if (place.keeps_inputs) {
        inputs(place).middleCols(at, x.cols()) = x;
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, Index first,
                            std::span<const InputBlock<Scalar>> x, MatrixRef<Scalar> s) {
    Place& place = places_[position];
    Index begin = 0;
    if (const LinearMap<Scalar> own = map(position); !own.spec().plain()) {
        for (const InputBlock<Scalar>& block : x) {
            add(position, first + begin, block.dense, s.middleCols(begin, block.columns()));
            begin += block.columns();
        }
        if (x.empty()) {
            add(position, first, Matrix<Scalar>(own.inputs(), 0), s);
        }
        return;
    }
    s *= place.mean();
    auto product = gradient(place).leftCols(place.inputs);
    if (place.empty) {
        product.setZero();
    }
    const bool wants_gram = place.input_gram_size > 0;
    Matrix<Scalar> extended(wants_gram ? place.inputs + 1 : 0, wants_gram ? s.cols() : 0);
    if (wants_gram) {
        extended.row(place.inputs).setOnes();
    }
    for (const InputBlock<Scalar>& block : x) {
        block.add_moment(s.middleCols(begin, block.columns()), product);
        if (wants_gram) {
            Matrix<Scalar> dense(place.inputs, block.columns());
            block.decompress(dense);
            extended.block(0, begin, place.inputs, block.columns()) = dense;
        }
        if (place.keeps_inputs) {
            block.decompress(inputs(place).middleCols(first + begin, block.columns()));
        }
        begin += block.columns();
    }
    if (wants_gram) {
        add_input_gram(place, extended);
    }
    add_signals(place, s);
}

template <typename Scalar>
void BatchSums<Scalar>::add_gradient(std::size_t position, const ConstMatrixRef<Scalar>& own) {
    Place& place = places_[position];
    if (place.empty) {
        gradient(place) = own;
    } else {
        gradient(place) += own;
    }
    place.empty = false;
}

// The bias does not pass through what is normalized: its derivative is the block's own, where the
// signals of v add up to zero.
template <typename Scalar>
void BatchSums<Scalar>::add(std::size_t position, const BlockMoments<Scalar>& block) {
    Place& place = places_[position];
    gradient(place).col(place.inputs) += place.mean() * block.slope;
    if (block.columns == 0) {
        return;
    }
    const Scalar share = place.mean() * static_cast<Scalar>(block.columns);
    const Vector<Scalar> apart =
        block.moments.mean - block.bias - stage_.weights[position].moments.mean;
    moments(place).col(0) += share * apart;
    moments(place).col(1) += share * (block.moments.variance + apart.cwiseAbs2());
}

template <typename Scalar>
RowMoments<Scalar> BatchSums<Scalar>::moments(std::size_t position, Scalar share) const {
    const Place& place = places_[position];
    const Eigen::Map<const Matrix<Scalar>> sums(values_.data() + place.moments, place.outputs, 2);
    const RowMoments<Scalar>& before = stage_.weights[position].moments;
    const Vector<Scalar> variance = sums.col(1) - sums.col(0).cwiseAbs2();
    return {before.mean + share * sums.col(0),
            (before.variance + share * (variance - before.variance)).cwiseMax(Scalar{0})};
}

template <typename Scalar>
void BatchSums<Scalar>::add_signals(Place& place, const ConstMatrixRef<Scalar>& s) {
    add_bias(place, {0, place.outputs}, s);
    add_signal_gram(place, s);
    place.empty = false;
}

template <typename Scalar>
void BatchSums<Scalar>::add_signal_gram(Place& place, const ConstMatrixRef<Scalar>& s) {
    if (place.signal_gram_size > 0) {
        Map gram(values_.data() + place.signal_gram, place.outputs, place.outputs);
        if (place.empty) {
            gram.setZero();
        }
        if (s.cols() > 0) {  // S holds the factor of the mean once already
            gram.template selfadjointView<Eigen::Lower>().rankUpdate(Matrix<Scalar>(s),
                                                                     Scalar{1} / place.mean());
        }
    }
}

template <typename Scalar>
void BatchSums<Scalar>::add_input_gram(Place& place, const Matrix<Scalar>& x) {
    Map gram(values_.data() + place.input_gram, place.inputs + 1, place.inputs + 1);
    if (place.empty) {
        gram.setZero();
    }
    if (x.cols() > 0) {  // which Eigen takes for granted
        gram.template selfadjointView<Eigen::Lower>().rankUpdate(x, place.mean());
    }
}

template <typename Scalar>
BatchEquations<Scalar> BatchSums<Scalar>::equations(std::size_t position) const {
    using ConstMap = Eigen::Map<const Matrix<Scalar>>;
    const Place& place = places_[position];
    return {
        ConstMap(values_.data() + place.gradient, place.outputs, place.inputs + 1),
        ConstMap(values_.data() + place.input_gram, place.input_gram_size, place.input_gram_size),
        ConstMap(values_.data() + place.signal_gram, place.signal_gram_size,
                 place.signal_gram_size),
        ConstMap(values_.data() + place.columns, place.inputs,
                 place.keeps_inputs ? place.batch : 0)};
}

template class BatchSums<float>;
template class BatchSums<double>;

}  // namespace hoist
