#include "hoist/formulation/formulation.hpp"

#include <string>

#include "hoist/formulation/output_block.hpp"
#include "hoist/model/map_work.hpp"
#include "hoist/train/lift.hpp"
#include "spend.hpp"

namespace hoist {

namespace {

// Of any kind: only its shape and its work matter.
class SimulatedActivation final : public Activation {
  public:
    explicit SimulatedActivation(std::string name) : name_(std::move(name)) {}

    std::string name() const override { return name_; }
    ActivationTraits traits() const override {
        ActivationTraits traits{0.0, std::numeric_limits<double>::infinity(), 1.0, true};
        const auto number = [this] { return std::stol(name_.substr(name_.find('(') + 1)); };
        if (name_.starts_with("maxpool(")) {
            traits.group = number();
        } else if (name_.starts_with("lifting(")) {
            traits.entries = number();
        } else if (name_.starts_with("scaled_lifting(")) {
            traits.entries = number() / 2 * 2;
        }
        return traits;
    }
    std::optional<double> parameter() const override { return std::nullopt; }
    void apply(const ConstMatrixRef<float>& u, MatrixRef<float>) const override {
        spend(kernels_of<float>.activation(size_of(u.rows()), size_of(u.cols())));
    }
    void apply(const ConstMatrixRef<double>& u, MatrixRef<double>) const override {
        spend(kernels_of<double>.activation(size_of(u.rows()), size_of(u.cols())));
    }
    void pull_back(const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                   MatrixRef<float>) const override {}
    void pull_back(const ConstMatrixRef<double>&, const ConstMatrixRef<double>&,
                   MatrixRef<double>) const override {}
    void prox(double, const ConstMatrixRef<float>&, MatrixRef<float>) const override {}
    void prox(double, const ConstMatrixRef<double>&, MatrixRef<double>) const override {}
    Vector<double> gap(const ConstMatrixRef<float>& x,
                       const ConstMatrixRef<float>&) const override {
        return Vector<double>::Zero(x.cols());
    }
    Vector<double> gap(const ConstMatrixRef<double>& x,
                       const ConstMatrixRef<double>&) const override {
        return Vector<double>::Zero(x.cols());
    }
    void difference_signal(double, const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                           const ConstMatrixRef<float>&, MatrixRef<float>) const override {}
    void difference_signal(double, const ConstMatrixRef<double>&, const ConstMatrixRef<double>&,
                           const ConstMatrixRef<double>&, MatrixRef<double>) const override {}
    void difference_quotient(double, const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                             const ConstMatrixRef<float>&, MatrixRef<float>) const override {}
    void difference_quotient(double, const ConstMatrixRef<double>&, const ConstMatrixRef<double>&,
                             const ConstMatrixRef<double>&, MatrixRef<double>) const override {}
    Vector<double> gap_coefficient_slopes(double, const ConstMatrixRef<float>&,
                                          const ConstMatrixRef<float>&) const override {
        return {};
    }
    Vector<double> gap_coefficient_slopes(double, const ConstMatrixRef<double>&,
                                          const ConstMatrixRef<double>&) const override {
        return {};
    }

    Vector<double> coefficient_slopes(const ConstMatrixRef<float>&,
                                      const ConstMatrixRef<float>&) const override {
        return {};
    }
    Vector<double> coefficient_slopes(const ConstMatrixRef<double>&,
                                      const ConstMatrixRef<double>&) const override {
        return {};
    }

  private:
    std::string name_;
};

template <typename Scalar>
class SimulatedFormulation final : public Formulation<Scalar> {
  public:
    explicit SimulatedFormulation(const FormulationOptions& options) : options_(options) {}

    Vector<double> penalty(Index, const ConstMatrixRef<Scalar>& x,
                           const ConstMatrixRef<Scalar>&) const override {
        spend(kernels.energy(size_of(x.rows()), size_of(x.cols())));
        return Vector<double>::Zero(x.cols());
    }
    void signal(Index, const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>&,
                MatrixRef<Scalar>) const override {
        spend(kernels.energy(size_of(x.rows()), size_of(x.cols())));
    }
    double pull_weight(Index) const override { return 1.0; }
    bool quadratic() const override { return true; }
    void prepare(Index, const LinearMap<Scalar>& map, double) override {
        spend(MapWork(kernels, map.spec()).prepare());
    }
    void update_activations(Index, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                            const Above<Scalar>&, MatrixRef<Scalar>) override {
        move(map, u);
    }
    void minimize(Index, const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u,
                  const ConstMatrixRef<Scalar>&, const ChangeAbove<Scalar>&,
                  MatrixRef<Scalar>) override {
        move(map, u);
    }
    void residual_signal(Index, const ConstMatrixRef<Scalar>& r, const ConstMatrixRef<Scalar>&,
                         MatrixRef<Scalar>) const override {
        spend(kernels.energy(size_of(r.rows()), size_of(r.cols())));
    }
    void residual_after(Index, const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>&,
                        const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>&,
                        MatrixRef<Scalar>) const override {}
    Vector<double> penalty_after(Index, const ConstMatrixRef<Scalar>& r,
                                 const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>&,
                                 const ConstMatrixRef<Scalar>&) const override {
        return Vector<double>::Zero(r.cols());
    }
    void respond(Index, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>&,
                 const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const override {
        spend(kernels.respond(size_of(u.rows()), size_of(u.cols())));
    }
    void minimizer(Index, const ConstMatrixRef<Scalar>& u, const ConstMatrixRef<Scalar>&,
                   MatrixRef<Scalar>) const override {
        spend(kernels.activation(size_of(u.rows()), size_of(u.cols())));
    }
    void weigh(const std::vector<double>&) override {}

  private:
    void move(const LinearMap<Scalar>& map, const ConstMatrixRef<Scalar>& u) const {
        const MapWork work(kernels, map.spec());
        const double columns = size_of(u.cols());
        const bool classical = options_.name == "classical";
        if (classical && map.spec().plain()) {
            spend(work.descent(columns, options_.nnls.sweeps));
            return;
        }
        const bool adaptive = options_.name == "mac" || (options_.name == "bregman" &&
                                                         options_.method == BlockMethod::adaptive);
        // Its steps, and the map that T is made from.
        spend(work.gradient_steps(columns, classical ? options_.nnls.sweeps : options_.iterations,
                                  adaptive) +
              work.apply(columns));
    }

    static constexpr KernelWork kernels = kernels_of<Scalar>;
    FormulationOptions options_;
};

template <typename Scalar>
class SimulatedOutput final : public OutputBlock<Scalar> {
  public:
    explicit SimulatedOutput(Output output) : output_(output) {}

    double weight() const override { return 1.0; }
    bool quadratic() const override { return output_ == Output::linear; }
    void target(const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>& u,
                MatrixRef<Scalar>) const override {
        spend({quadratic() ? 0.0 : 1000.0 * size_of(u.size())});
    }
    void slope(const ConstMatrixRef<Scalar>&, const ConstMatrixRef<Scalar>& u,
               MatrixRef<Scalar>) const override {
        spend(kernels_of<Scalar>.energy(size_of(u.rows()), size_of(u.cols())));
    }
    Vector<double> energy(const ConstMatrixRef<Scalar>&,
                          const ConstMatrixRef<Scalar>& u) const override {
        spend(kernels_of<Scalar>.energy(size_of(u.rows()), size_of(u.cols())));
        return Vector<double>::Zero(u.cols());
    }
    void scores(const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const override {}

  private:
    Output output_;
};

}  // namespace

std::shared_ptr<const Activation> parse_activation(std::string_view text) {
    const bool preset = text.ends_with("lifting");
    return std::make_shared<SimulatedActivation>(text == "maxpool" ? "maxpool(2)"
                                                 : preset          ? std::string(text) + "(3)"
                                                                   : std::string(text));
}

std::shared_ptr<const Activation> Activation::with_coefficients(const Vector<double>&) const {
    return with_parameter(0.0);
}

std::shared_ptr<const Activation> Activation::with_parameter(double) const {
    return std::make_shared<SimulatedActivation>(name());
}

template <typename Scalar>
void Formulation<Scalar>::residual_signal(Index, const ConstMatrixRef<Scalar>&,
                                          const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {}

template <typename Scalar>
void Formulation<Scalar>::gradient_step(Index, const LinearMap<Scalar>&,
                                        const ConstMatrixRef<Scalar>& u,
                                        const ConstMatrixRef<Scalar>& slope, double,
                                        const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {
    const KernelWork kernels = kernels_of<Scalar>;
    spend(kernels.pull_back(size_of(u.rows()), size_of(slope.rows()), size_of(u.cols())));
}

template <typename Scalar>
void Formulation<Scalar>::minimizer(Index, const ConstMatrixRef<Scalar>&,
                                    const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {}

std::vector<double> FormulationOptions::lambda_at(double) const { return lambda; }
int FormulationOptions::next_passes(int before, double) const { return before; }

// They would be taken over large arrays.
template <typename Scalar>
void LiftSums::add_distance(Index, Index, const ConstMatrixRef<Scalar>&,
                            const ConstMatrixRef<Scalar>&) {}
template void LiftSums::add_distance<float>(Index, Index, const ConstMatrixRef<float>&,
                                            const ConstMatrixRef<float>&);
template void LiftSums::add_distance<double>(Index, Index, const ConstMatrixRef<double>&,
                                             const ConstMatrixRef<double>&);
void LiftSums::add_energy(double, double, bool) {}

template <typename Scalar>
Vector<double> Formulation<Scalar>::coefficient_slopes(Index, const ConstMatrixRef<Scalar>&,
                                                       const ConstMatrixRef<Scalar>&) const {
    return {};
}

std::vector<std::string> activation_names() { return {"relu"}; }

std::vector<std::string> formulation_names() {
    return {"classical", "mac", "fenchel", "bregman", "contrastive"};
}

void check_formulation(const NetworkSpec&, const FormulationOptions&) {}

template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_formulation(const NetworkSpec&,
                                                      const FormulationOptions& options) {
    return std::make_unique<SimulatedFormulation<Scalar>>(options);
}

template <typename Scalar>
std::unique_ptr<OutputBlock<Scalar>> make_output_block(Output output, const OutputOptions&) {
    return std::make_unique<SimulatedOutput<Scalar>>(output);
}

template class Formulation<float>;
template class Formulation<double>;
template std::unique_ptr<Formulation<float>> make_formulation(const NetworkSpec&,
                                                              const FormulationOptions&);
template std::unique_ptr<Formulation<double>> make_formulation(const NetworkSpec&,
                                                               const FormulationOptions&);
template std::unique_ptr<OutputBlock<float>> make_output_block(Output, const OutputOptions&);
template std::unique_ptr<OutputBlock<double>> make_output_block(Output, const OutputOptions&);

}  // namespace hoist
