#include "hoist/train/relaxed_pass.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/comm/agree.hpp"

namespace hoist {

Index blocks_at_once(const Placement& placement) {
    return std::max(4, 2 * placement.grid.stages());
}

template <typename Scalar>
void RelaxedPass<Scalar>::operator()(const Samples<Scalar>& samples, const FirstMap& first_map,
                                     const Visit& visit) const {
    run(
        samples, first_map, After::nothing,
        [&](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>) {
            visit(stage_.network.layers(), samples.local(block), u);
            return false;
        },
        [&](LrrnRelaxation<Scalar>& relaxation, Index block) {
            visit_hidden(samples, relaxation, block, visit);
        });
}

template <typename Scalar>
Matrix<double> RelaxedPass<Scalar>::energies(const Samples<Scalar>& samples,
                                             const Visit& visit) const {
    Matrix<double> energies =
        Matrix<double>::Zero(topmost_block(stage_.network, options_), samples.blocks.samples());
    run(
        samples, from_inputs(samples), After::nothing,
        [&](Index block, const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar>) {
            visit(stage_.network.layers(), samples.local(block), u);
            return false;
        },
        [&](LrrnRelaxation<Scalar>& relaxation, Index block) {
            visit_hidden(samples, relaxation, block, visit);
            take_energies(samples, relaxation, block, Phase::free, energies);
        });
    world_.sum(std::span(energies.data(), static_cast<std::size_t>(energies.size())));
    return energies;
}

template <typename Scalar>
Matrix<double> RelaxedPass<Scalar>::class_energies(const Samples<Scalar>& samples) const {
    const NetworkSpec& network = stage_.network;
    Matrix<double> all(network.outputs(), samples.blocks.samples());
    for (Index label = 0; label < network.outputs(); ++label) {
        Matrix<double> energies = Matrix<double>::Zero(network.layers(), all.cols());
        run(
            samples, from_inputs(samples), After::clamped,
            [label](Index, const ConstMatrixRef<Scalar>&, MatrixRef<Scalar> given) {
                given.setZero();
                given.row(label).setOnes();
                return true;
            },
            [&](LrrnRelaxation<Scalar>& relaxation, Index block) {
                take_energies(samples, relaxation, block, Phase::clamped, energies);
            });
        all.row(label) = energies.colwise().sum();
    }
    world_.sum(std::span(all.data(), static_cast<std::size_t>(all.size())));
    return all;
}

template <typename Scalar>
typename RelaxedPass<Scalar>::FirstMap RelaxedPass<Scalar>::from_inputs(
    const Samples<Scalar>& samples) const {
    return [&samples](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u) {
        map.apply(part(samples.inputs, columns), u);
    };
}

template <typename Scalar>
void RelaxedPass<Scalar>::visit_hidden(const Samples<Scalar>& samples,
                                       LrrnRelaxation<Scalar>& relaxation, Index block,
                                       const Visit& visit) const {
    const Index end = std::min(stage_.layers.end, stage_.network.layers() - 1);
    for (Index l = stage_.layers.begin; l < end; ++l) {
        visit(l + 1, samples.local(block),
              part(relaxation.layers().z(l + 1), relaxation.columns(block)));
    }
}

template <typename Scalar>
void RelaxedPass<Scalar>::take_energies(const Samples<Scalar>& samples,
                                        LrrnRelaxation<Scalar>& relaxation, Index block,
                                        Phase phase, Matrix<double>& energies) const {
    const Range local = samples.local(block);
    const Range columns = relaxation.columns(block);
    LrrnLayers<Scalar>& layers = relaxation.layers();
    constexpr Index widest =
        1024;  // pieces, as a term makes another matrix of the size of the inputs
    for (Index l = stage_.layers.begin; l < std::min(stage_.layers.end, energies.rows()); ++l) {
        const ConstMatrixRef<Scalar> z =
            l == 0 ? ConstMatrixRef<Scalar>(part(samples.inputs, local))
                   : ConstMatrixRef<Scalar>(part(layers.of(phase, l), columns));
        const auto above = part(layers.of(phase, l + 1), columns);
        const double discount = std::pow(options_.gamma, static_cast<double>(l));
        for (Index begin = 0; begin < local.size(); begin += widest) {
            const Index size = std::min(widest, local.size() - begin);
            energies.row(l).segment(samples.columns.begin + local.begin + begin, size) =
                discount * layers.term(l)
                               .energy(z.middleCols(begin, size), above.middleCols(begin, size))
                               .transpose();
        }
    }
}

template <typename Scalar>
void RelaxedPass<Scalar>::run(const Samples<Scalar>& samples, const FirstMap& first_map,
                              After after, const Answer& answer, const Relaxed& relaxed) const {
    const Index count = samples.blocks.count();
    PhaseTimes times;
    LrrnRelaxation<Scalar> relaxation(options_, world_, placement_, stage_, count, samples.own,
                                      times, Exchange::Channel::evaluation);
    relaxation.prepare();
    agree(world_, [&] { relaxation.layers().require_success(); });
    Matrix<Scalar> first;
    Index turns = 0;  // the same on every rank
    for (Index block = 0; block < count; ++block) {
        turns = std::max(turns, placement_.grid.turn(block, count) + 1);
    }
    for (Range group{0, 0}; group.end < turns;) {
        group = {group.end, group.end + blocks_at_once(placement_)};
        const auto taken = [&](Index block) {
            const Index turn = placement_.grid.turn(block, count);
            return group.begin <= turn && turn < group.end;
        };
        typename LrrnRelaxation<Scalar>::Layout layout;
        Index offset = 0;
        for (Index block = samples.own.begin; block < samples.own.end; ++block) {
            const Index size = taken(block) ? samples.blocks.columns(block).size() : 0;
            layout.push_back({offset, offset + size});
            offset += size;
        }
        relaxation.resize(layout, after);
        relaxation.layers().restart();
        relaxation(
            to_the_minimum,
            [&](Index block, MatrixRef<Scalar> u) {
                first.resize(u.rows(), u.cols());
                first_map(stage_.map(0), samples.local(block), first);
                u = first;
            },
            answer);
        for (Index block = samples.own.begin; block < samples.own.end; ++block) {
            if (taken(block)) {
                relaxed(relaxation, block);
            }
        }
    }
}

template class RelaxedPass<float>;
template class RelaxedPass<double>;

}  // namespace hoist
