#include <gtest/gtest.h>

#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/foreign/npz_model.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/io/npz_file.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

class ForeignModels : public ::testing::Test {
  protected:
    PortableModel through(const std::string& file, const PortableModel& model) const {
        if (file.ends_with(".onnx")) {
            write_onnx_model(path_ / file, model);
            return read_onnx_model(path_ / file);
        }
        write_npz_model(path_ / file, model);
        return read_npz_model(path_ / file);
    }

    const OwnFolder folder_;
    const std::filesystem::path path_ = folder_.path();
};

/// 5-6-3 with distinct weights, exact in single precision.
PortableModel small_model(const std::string& activation) {
    PortableModel model;
    model.network = parse_network("5-6-3", activation, "softmax");
    for (Index l = 0; l < 2; ++l) {
        double next = 0.25;
        const auto count = [&] { return next += 0.125; };
        const Index rows = model.network.map(l).outputs();
        model.maps.push_back(
            {Matrix<double>::NullaryExpr(rows, model.network.block(l).size(), count),
             Vector<double>::NullaryExpr(rows, count)});
    }
    return model;
}

TEST_F(ForeignModels, KeepEveryActivationOfTheTable) {
    for (const std::string& activation : activation_names()) {
        const PortableModel model = small_model(activation);
        for (const char* file : {"a.onnx", "a.npz"}) {
            SCOPED_TRACE(activation + " in " + file);
            if (activation.find("spline") != std::string::npos && file == std::string("a.onnx")) {
                EXPECT_THROW(through(file, model), UsageError);
                continue;
            }
            const PortableModel again = through(file, model);
            EXPECT_EQ(again.network.activation_text(), activation);
            EXPECT_EQ(again.network.layers_text(), "5-6-3");
            EXPECT_EQ(again.network.output, Output::softmax);
            for (std::size_t l = 0; l < 2; ++l) {
                EXPECT_EQ(again.maps[l].matrix, model.maps[l].matrix);
                EXPECT_EQ(again.maps[l].bias, model.maps[l].bias);
            }
        }
    }
}

TEST_F(ForeignModels, KeepWhatSplinesHaveLearned) {
    PortableModel model = small_model("spline(5,2)");
    auto& phi = model.network.activations[0];
    phi = phi->of_channels(model.maps[0].matrix.rows());
    phi = phi->with_coefficients(Vector<double>::Random(phi->coefficients().size()));
    const PortableModel again = through("a.npz", model);
    EXPECT_EQ(again.network.activations[0]->coefficients(), phi->coefficients());
    // A network of steps, by its text.
    PortableModel steps;
    steps.network =
        parse_network("6x5x1-keep_input-(potential(2,3)-fidelity)^2", "spline(5,2)", "linear");
    for (Index l = 0; l < steps.network.layers(); ++l) {
        const MapSpec& map = steps.network.map(l);
        steps.maps.push_back({Matrix<double>::Random(map.outputs(), map.inputs()),
                              Vector<double>::Random(map.outputs())});
    }
    steps.network.activations[0] =
        steps.network.activations[0]->with_coefficients(Vector<double>::Random(10));
    const PortableModel same = through("b.npz", steps);
    EXPECT_EQ(same.network.layers_text(), steps.network.layers_text());
    EXPECT_EQ(same.network.activations[0]->coefficients(),
              steps.network.activations[0]->coefficients());
    EXPECT_THROW(through("b.onnx", steps), UsageError);
}

TEST_F(ForeignModels, LackNothingThatSplinesHaveLearned) {
    PortableModel model = small_model("spline(5,2)");
    write_npz_model(path_ / "whole.npz", model);
    std::vector<std::pair<std::string, NumpyArray>> arrays;
    const NpzReader whole(path_ / "whole.npz");
    for (const std::string& name : whole.names()) {
        if (name != "coefficients_0") {
            arrays.emplace_back(name, whole.read(name));
        }
    }
    ASSERT_EQ(arrays.size() + 1, whole.names().size());
    write_npz(path_ / "less.npz", arrays);
    EXPECT_THROW(read_npz_model(path_ / "less.npz"), DataError);
    auto& phi = model.network.activations[0];
    Vector<double> learned = phi->coefficients();
    learned[3] = std::numeric_limits<double>::quiet_NaN();
    phi = phi->with_coefficients(learned);
    EXPECT_THROW(through("torn.npz", model), DataError);
}

TEST_F(ForeignModels, KeepEveryOutput) {
    for (const Output output : {Output::softmax, Output::linear, Output::simplex}) {
        PortableModel model = small_model("relu");
        model.network.output = output;
        EXPECT_EQ(through("a.onnx", model).network.output, output);
        EXPECT_EQ(through("a.npz", model).network.output, output);
    }
}

TEST_F(ForeignModels, KeepDoublesToTheLastDigit) {
    PortableModel model = small_model("tanh");
    model.precision = Precision::full;
    model.maps[0].matrix(0, 0) = 1.0 / 3.0;
    model.standardization = {Vector<double>::Constant(5, 0.1), Vector<double>::Constant(5, 0.7)};
    for (const char* file : {"a.onnx", "a.npz"}) {
        const PortableModel again = through(file, model);
        EXPECT_EQ(again.precision, Precision::full);
        EXPECT_EQ(again.maps[0].matrix, model.maps[0].matrix);
        EXPECT_EQ(again.standardization.mean, model.standardization.mean);
        EXPECT_EQ(again.standardization.scale, model.standardization.scale);
    }
}

TEST_F(ForeignModels, DoNotBecomeDoubleByTheirStandardization) {
    PortableModel model = small_model("tanh");
    model.standardization = {Vector<double>::Constant(5, 0.1), Vector<double>::Constant(5, 0.7)};
    EXPECT_EQ(through("a.onnx", model).precision, Precision::single);
    EXPECT_EQ(through("a.npz", model).precision, Precision::single);
}

TEST_F(ForeignModels, KeepClassNamesInOnnx) {
    PortableModel model = small_model("relu");
    model.class_names = {"oak", "a \"quoted\", name", "ärger"};
    EXPECT_EQ(through("a.onnx", model).class_names, model.class_names);
}

TEST_F(ForeignModels, AreRefusedWhereTheirPartsContradict) {
    PortableModel model = small_model("relu");
    model.class_names = {"one"};
    EXPECT_THROW(complete(model, "a"), DataError);
    model = small_model("relu");
    model.maps[1].bias.resize(2);
    EXPECT_THROW(complete(model, "a"), DataError);
    model = small_model("relu");
    model.network.activations.clear();
    EXPECT_THROW(complete(model, "a"), DataError);
}

}  // namespace
}  // namespace hoist
