#include "hoist/model/network_spec.hpp"

#include <gtest/gtest.h>

#include "support/messages.hpp"

namespace hoist {
namespace {

std::string refusal(const std::string& layers, const std::string& activation = "relu",
                    const std::string& output = "softmax") {
    return message_of<UsageError>([&] { parse_network(layers, activation, output); });
}

TEST(NetworkSpec, reads_widths_and_activations) {
    const NetworkSpec spec = parse_network(" 784 - 300-100-10", "relu, leaky_relu(0.1)", "simplex");
    ASSERT_EQ(spec.maps.size(), 3u);
    for (const auto& [layer, width] : {std::pair{0, 784}, {1, 300}, {2, 100}, {3, 10}}) {
        EXPECT_EQ(spec.block(layer), (Shape{1, 1, width}));
    }
    EXPECT_EQ(spec.layers(), 3);
    EXPECT_EQ(spec.inputs(), 784);
    EXPECT_EQ(spec.outputs(), 10);
    EXPECT_EQ(spec.activation(1).name(), "relu");
    EXPECT_EQ(spec.activation(2).name(), "leaky_relu(0.1)");
    EXPECT_EQ(spec.output, Output::simplex);
}

TEST(NetworkSpec, one_activation_stands_for_all_hidden_layers) {
    const NetworkSpec spec = parse_network("5-4-3-2-1", "hard_tanh", "linear");
    ASSERT_EQ(spec.activations.size(), 3U);
    for (Index l = 1; l <= 3; ++l) {
        EXPECT_EQ(spec.activation(l).name(), "hard_tanh");
    }
    EXPECT_TRUE(parse_network("5-2", "hard_tanh", "softmax").activations.empty());
}

TEST(NetworkSpec, writes_what_it_reads) {
    for (const auto& [layers, activation] : std::vector<std::pair<std::string, std::string>>{
             {"784-300-10", "relu"},
             {"5-4-3-2", "relu,leaky_relu(0.25)"},
             {"5-4-3-2", "hard_sigmoid"},
             {"28x28x1-conv(16,5)-10", "relu"},
             {"9x9x3-conv(4,3,2)-maxpool(3,2)-5-2", "relu,tanh"},
             {"8x8x3-conv(12,3)-maxpool(2)-10-2", "lifting(3),maxpool(2)"},
             {"9x9x3-conv(4,3,2,0)-conv(4,4,1,3)-avgpool-2", "relu,maxpool(2)"},
             {"9x9x1-conv(4,3)-residual(3)-avgpool(3)-residual(3)-residual(1)-9-residual-2",
              "relu"},
             {"8x6x2-avgpool(2)-conv(3,1)-avgpool(3,1)-2", "relu"},
             {"7-2", "relu"}}) {
        const NetworkSpec spec = parse_network(layers, activation, "softmax");
        EXPECT_EQ(spec.layers_text(), layers);
        EXPECT_EQ(spec.activation_text(), activation);
    }
    for (const std::string output : {"softmax", "linear", "simplex"}) {
        EXPECT_EQ(to_text(parse_output(output)), output);
    }
}

// Step after step x - K'phi(K x)/25 and x + w [x; y], with y the input.
TEST(NetworkSpec, carries_channels_through_steps_of_two_maps) {
    const NetworkSpec spec =
        parse_network("8x6x2-keep_input-(potential(4,5)-fidelity)^2", "spline(5,2)", "linear");
    ASSERT_EQ(spec.layers(), 6);
    EXPECT_EQ(to_text(spec.block(1)), "8x6x8");  // 4 of the map, x and y
    EXPECT_EQ(to_text(spec.block(2)), "8x6x4");
    EXPECT_EQ(to_text(spec.block(3)), "8x6x4");
    EXPECT_EQ(to_text(spec.block(4)), "8x6x8");
    EXPECT_EQ(to_text(spec.block(6)), "8x6x2");
    for (const Index l : {0, 3}) {
        EXPECT_EQ(spec.map(l).inputs(), 50);
        EXPECT_EQ(spec.map(l).outputs(), 4);
        EXPECT_EQ(spec.activation(l + 1).coefficients().size(), 5 * 4);
        EXPECT_TRUE(spec.map(l + 1).adjoint);
        EXPECT_EQ(spec.map(l + 2).inputs(), 4);
        EXPECT_EQ(spec.map(l + 2).outputs(), 2);
        EXPECT_EQ(spec.activation(l + 2).name(), "identity");
    }
    const std::vector<Index> weights{0, 0, 2, 0, 0, 2};
    EXPECT_EQ(spec.first_with, weights);
    EXPECT_TRUE(spec.shares_weights());
    EXPECT_FALSE(parse_network("8x6x2-residual(3,4)*2", "relu", "linear").shares_weights());
    // Those of the blocks that do not end a step, or of all.
    for (const std::string activations : {"relu,tanh", "relu,identity,tanh"}) {
        const NetworkSpec steps =
            parse_network("8x6x2-residual(3,4)-residual(3,4)", activations, "linear");
        EXPECT_EQ(steps.activation_text(), "relu,tanh");
        EXPECT_EQ(steps.activation(2).name(), "identity");
        EXPECT_EQ(steps.activation(3).name(), "tanh");
    }
    const NetworkSpec larger = spec.resized({9, 12, 2});
    EXPECT_EQ(larger.layers_text(), "9x12x2-keep_input-(potential(4,5)-fidelity)^2");
    EXPECT_EQ(larger.first_with, weights);
}

// h_t = phi(W [h_{t-1}; row t] + b), with h_0 = 0.
TEST(NetworkSpec, reads_a_picture_row_by_row) {
    const std::string text = "4x3x2-by_rows-recurrent(5)^4-2";
    const NetworkSpec spec = parse_network(text, "tanh", "softmax");
    EXPECT_EQ(spec.layers_text(), text);
    ASSERT_EQ(spec.layers(), 5);
    EXPECT_EQ(spec.block(0), (Shape{4, 3, 2}));
    for (Index l = 0; l < 4; ++l) {
        EXPECT_EQ(spec.map(l).inputs(), 5 + 6);
        EXPECT_EQ(spec.map(l).outputs(), 5);
        EXPECT_EQ(spec.weights_of(l), 0);
        EXPECT_EQ(spec.block(l + 1).size(), 5 + (3 - l) * 6);
    }
    EXPECT_FALSE(spec.keeps_input());
    EXPECT_EQ(spec.map(4).inputs(), 5);
    EXPECT_EQ(parse_network("4x3x2-by_rows-recurrent(5)*4-2", "tanh", "softmax").layers_text(),
              "4x3x2-by_rows-recurrent(5)-recurrent(5)-recurrent(5)-recurrent(5)-2");
    const NetworkSpec one = parse_network("1x3x2-by_rows-recurrent(5)-2", "tanh", "softmax");
    EXPECT_EQ(one.layers_text(), "1x3x2-by_rows-recurrent(5)-2");
    EXPECT_EQ(one.map(0).inputs(), 5 + 6);
    EXPECT_EQ(one.block(1).size(), 5);
}

TEST(NetworkSpec, refuses_rows_that_nobody_reads_or_that_are_not_there) {
    for (const auto& [layers, mention] : std::vector<std::pair<std::string, std::string>>{
             {"4x3x1-by_rows-recurrent(5)^3-2", "1 rows of the input are left"},
             {"4x3x1-by_rows-recurrent(5)^5-2", "a row that none has read"},
             {"4x3x1-recurrent(5)^4-2", "by_rows"},
             {"12-by_rows-recurrent(5)-2", "a picture"},
             {"4x3x1-conv(1,3)-by_rows-recurrent(5)^4-2", "right behind the input"},
             {"4x3x1-by_rows-by_rows-recurrent(5)^4-2", "right behind the input"},
             {"4x3x1-by_rows-avgpool(2)-recurrent(5)^4-2", "recurrent(5)"},
             {"4x3x1-by_rows-recurrent(0)^4-2", "units"},
             {"4x3x1-by_rows-recurrent(5)^2-recurrent(6)^2-2", "another size"},
             {"4x3x1-by_rows-(recurrent(5)-batchnorm)^4-2", "batchnorm"},
             {"4x3x1-by_rows-recurrent(5)^4", "stands at the end"},
             {"4x3x1-by_rows-conv(1,3)-2", "4 rows of the input are left"}}) {
        EXPECT_NE(refusal(layers).find(mention), std::string::npos)
            << layers << ": " << refusal(layers);
    }
}

TEST(NetworkSpec, keeps_what_splines_have_learned_on_pictures_of_another_size) {
    NetworkSpec spec = parse_network("8x8x1-potential(2,3)", "spline(3,1)", "linear");
    const Vector<double> learned = Vector<double>::LinSpaced(6, -1.0, 2.0);
    spec.activations[0] = spec.activations[0]->with_coefficients(learned);
    EXPECT_EQ(spec.resized({9, 5, 1}).activation(1).coefficients(), learned);
}

TEST(NetworkSpec, refuses_steps_that_do_not_fit) {
    for (const auto& [layers, activation, mention] : std::vector<std::array<std::string, 3>>{
             {"8x8x1-potential(4,4)", "relu", "odd side"},
             {"8x8x1-potential(0,3)", "relu", "channels"},
             {"2x8x1-potential(4,5)-conv(1,1)", "relu", "mirror image"},
             {"8x8x1-fidelity", "relu", "keep_input"},
             {"8x8x1-keep_input-fidelity", "relu", "a map before"},
             {"8x8x1-conv(2,3)-keep_input-conv(1,3)", "relu", "right behind the input"},
             {"64-keep_input-64-64", "relu", "keep_input"},
             {"8x8x1-keep_input-conv(4,3,2)-conv(4,3)-shuffle(2)", "relu", "as many places"},
             {"8x8x1-keep_input-conv(4,3)-maxpool(2)-conv(1,3)", "relu", "maxpool"},
             {"8x8x1-keep_input-conv(4,3)-batchnorm-conv(1,3)", "relu", "batchnorm"},
             {"8x8x1-keep_input-conv(1,3)-fidelity(noise(2))", "relu", "blur(PIXELS)"},
             {"8x8x1-keep_input-conv(1,3)-fidelity()", "relu", "blur(PIXELS)"},
             {"8x8x1-keep_input-conv(1,3)-fidelity(blur(1.6),0)", "relu", "above 0"},
             {"8x8x1-keep_input-conv(1,3)-fidelity(blur(1.6),0.1,)", "relu", "above 0"},
             {"8x8x1-keep_input-conv(1,3)-fidelity(blr(1.6))", "relu", "blr(1.6)"},
             {"8x8x1-keep_input-conv(1,3)-fidelity(blur(1)+fixed_mask(0.5))", "relu", "alone"},
             {"64x65x1-keep_input-conv(1,3)-fidelity(radon(9),0.1)", "relu", "64x64"},
             {"8x8x1-residual(3,4)", "scaled_lifting(3)", "scaled_lifting(3)"},
             {"8x8x1-residual(3,4)-conv(1,3)", "relu,tanh", "identity"},
             {"8x8x1-conv(1,3)-potential(2,3)^2", "relu,relu,tanh", "activations"},
             {"8x8x1-residual(3,4)-maxpool(2)-10", "relu", "maxpool"},
             {"8x8x1-conv(3,3)-conv(1,3)^2", "relu", "sizes"}}) {
        try {
            parse_network(layers, activation, "linear");
            FAIL() << layers;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find(mention), std::string::npos)
                << layers << ": " << error.what();
        }
    }
}

TEST(NetworkSpec, makes_pictures_of_pictures_where_the_output_is_linear) {
    for (const std::string layers :
         {"9x7x3-conv(4,3)-conv(3,3)", "9x7x3-residual(3)", "8x8x1-conv(4,3)-conv(1,3)-add_input",
          "8x8x1-conv(6,6,2,2)-conv(4,3)-shuffle(2)-add_input",
          "8x6x3-conv(6,2,2,0)-batchnorm-conv(12,3)-shuffle(2)", "9x7x3-residual(3,5)",
          "9x7x3-keep_input-conv(3,3)-residual(3)-residual(3,4)-fidelity-conv(3,3)",
          "8x8x1-keep_input-(potential(4,5)-fidelity)^3",
          "8x8x1-keep_input-(potential(4,5)-fidelity(blur(1.6),0.01,0.1))^3",
          "8x8x2-keep_input-conv(2,3)-fidelity(box(3)+subsample(2))",
          "8x8x2-keep_input-conv(2,3)-fidelity(radon(9),0.1)",
          "8x8x2-keep_input-conv(2,3)-fidelity(fixed_mask(0.5))",
          "8x8x1-potential(4,5)^2-residual(3)^2",
          "8x8x1-conv(6,6,2,2)-residual(3,4)-conv(4,3)-shuffle(2)-add_input"}) {
        const NetworkSpec spec = parse_network(layers, "relu", "linear");
        EXPECT_EQ(spec.layers_text(), layers);
        EXPECT_TRUE(spec.pictures());
        EXPECT_FALSE(spec.regression());
        EXPECT_EQ(spec.picture(), spec.block(0));
        EXPECT_NE(refusal(layers).find("network.output = linear"), std::string::npos) << layers;
    }
    EXPECT_FALSE(parse_network("8x8x1-conv(4,3)-10", "relu", "linear").pictures());
    for (const auto& [layers, said] : std::vector<std::pair<std::string, std::string>>{
             {"8x8x1-conv(4,3)-conv(2,3)", "8x8x2"},
             {"8x8x1-conv(4,3,2)-conv(1,3)", "4x4x1"},
             {"8x8x1-conv(4,3)-conv(1,3)-shuffle(2)", "shuffle(2)"},
             {"8x8x1-conv(4,2,2,0)-conv(4,3)-shuffle(2)-shuffle(2)", "shuffle(2)"},
             {"8x8x1-conv(4,3)-conv(1,3)-add_input-add_input", "add_input"},
             {"8x8x1-conv(1,3)-add_input-conv(1,3)", "behind the end"},
             {"8x8x1-conv(4,3)-10-add_input", "add_input"},
             {"8x8x1-conv(1,3)-batchnorm-add_input", "add_input"},
             {"8x8x1-add_input", "add_input"},
             {"8x8x1-conv(1,3)-maxpool(2)", "maxpool(2)"},
             {"8x8x1-conv(1,8,1,0)", "conv(1,8,1,0)"}}) {
        EXPECT_NE(refusal(layers, "relu", "linear").find(said), std::string::npos) << layers;
    }
}

TEST(NetworkSpec, of_pictures_takes_them_in_any_size) {
    const NetworkSpec spec = parse_network("8x8x1-conv(6,6,2,2)-conv(6,3)-conv(4,3)-shuffle(2)",
                                           "scaled_lifting(3),relu", "linear");
    const NetworkSpec larger = spec.resized({10, 22, 1});
    EXPECT_EQ(larger.layers_text(), "10x22x1-conv(6,6,2,2)-conv(6,3)-conv(4,3)-shuffle(2)");
    EXPECT_EQ(larger.activation_text(), spec.activation_text());
    for (Index l = 0; l < spec.layers(); ++l) {
        EXPECT_EQ(larger.map(l).inputs(), spec.map(l).inputs());
        EXPECT_EQ(larger.map(l).outputs(), spec.map(l).outputs());
    }
    EXPECT_EQ(spec.fitting({10, 22, 1}), (Shape{10, 22, 1}));
    EXPECT_EQ(spec.fitting({9, 21, 1}), (Shape{10, 22, 1}));
    EXPECT_EQ(spec.fitting({1, 1, 1}), (Shape{2, 2, 1}));
    EXPECT_THROW(spec.resized({9, 22, 1}), UsageError);
}

TEST(NetworkSpec, refuses_what_is_no_chain_of_widths) {
    for (const std::string layers :
         {"", "10", "10-", "-10", "10--5", "10-0-5", "10-x-5", "10-2.5-5", "10,5",
          "10-99999999999999999999-5", "10--3-5", "1e3-5"}) {
        expect_mentions(refusal(layers), {"network.layers"});
    }
    expect_mentions(refusal("10-x-5"), {"'x'", "784-300-100-10"});
}

TEST(NetworkSpec, reads_the_shapes_of_pictures) {
    const NetworkSpec spec =
        parse_network("32x30-conv(8, 5, 2)-maxpool(2)-avgpool(2)-conv(6,3)-20-10",
                      "relu,maxpool(3),relu", "softmax");
    EXPECT_EQ(spec.layers(), 4);
    EXPECT_EQ(spec.block(0), (Shape{32, 30, 1}));
    EXPECT_EQ(spec.map(0).to, (Shape{16, 15, 8}));
    EXPECT_EQ(spec.block(1), (Shape{8, 7, 8}));
    EXPECT_EQ(spec.map(1).windows.from, (Shape{4, 3, 8}));
    EXPECT_EQ(spec.map(1).inputs(), 72);
    EXPECT_EQ(spec.map(1).to, (Shape{4, 3, 18}));
    EXPECT_EQ(spec.block(2), (Shape{4, 3, 6}));
    EXPECT_EQ(spec.map(2).inputs(), 72);
    EXPECT_TRUE(spec.map(2).plain());
    EXPECT_EQ(spec.outputs(), 10);
    EXPECT_EQ(spec.widest(), 16 * 15 * 8);
    EXPECT_FALSE(parse_network("9-5-batchnorm-2", "relu", "softmax").map(0) ==
                 MapSpec::dense(9, 5));
    EXPECT_TRUE(spec.map(0) == parse_network("32x30x1-conv(8,5,2)-2", "relu", "softmax").map(0));
}

TEST(NetworkSpec, repeats_maps_and_groups_of_them) {
    const auto written = [](const std::string& layers) {
        return parse_network(layers, "relu", "softmax").layers_text();
    };
    EXPECT_EQ(written("9-8*3-2"), "9-8-8-8-2");
    EXPECT_EQ(written("9-8-residual * 2-2"), "9-8-residual-residual-2");
    EXPECT_EQ(written("8x8x3-(conv(4,3)-batchnorm-maxpool(2))*2-(5)*1-2"),
              "8x8x3-conv(4,3)-batchnorm-maxpool(2)-conv(4,3)-batchnorm-maxpool(2)-5-2");
    EXPECT_EQ(written("9-(8-(7-6)*2)*2-2"), "9-8-7-6-7-6-8-7-6-7-6-2");
    for (const std::string layers : {"9-8*0-2", "9-8*-2", "9-8*x-2", "9-8*2*2-2", "9-8*99999-2",
                                     "9-(8*2-2", "9-()*2-2", "9-8*1e9-2", "9-((8-8)*5000)*2-2"}) {
        expect_mentions(refusal(layers), {"network.layers"});
    }
    expect_mentions(refusal("9-8*0-2"), {"8*0", "residual(3)*4"});
}

TEST(NetworkSpec, names_the_map_that_does_not_fit_and_the_shape_that_it_meets) {
    expect_mentions(refusal("784-conv(8,5)-10"), {"conv(8,5)", "784", "28x28x1"});
    expect_mentions(refusal("28x28-conv(8,5)-10-conv(3,3)-10"),
                    {"conv(3,3)", "10 that it looks at"});
    expect_mentions(refusal("8x8x3-conv(8,9,1,0)-10"), {"conv(8,9,1,0)", "8x8x3"});
    expect_mentions(refusal("8x8x3-conv(8,3)-maxpool(9)-10"), {"maxpool(9)", "8x8x8"});
    expect_mentions(refusal("8x8x3-maxpool(2)-10"), {"maxpool(2)", "no map"});
    expect_mentions(refusal("8x8x3-conv(4,3)-maxpool(2)-maxpool(2)-10"), {"maxpool(2)"});
    expect_mentions(refusal("8x8x3-avgpool(2)-avgpool(2)-10"), {"avgpool(2)"});
    expect_mentions(refusal("8x8x3-conv(4,3)"), {"conv(4,3)", "outputs"});
    expect_mentions(refusal("8x8x3-conv(4,3)-avgpool"), {"avgpool", "outputs"});
    expect_mentions(refusal("8x8x3-konv(4,3)-10"), {"'konv(4,3)'", "did you mean conv"});
    expect_mentions(refusal("8x8x3-conv(4)-10"), {"conv(CHANNELS,SIDE"});
    expect_mentions(refusal("8x8x3-conv(4,3-10"), {"parenthesis"});
    expect_mentions(refusal("8x8x3-conv(4,a)-10"), {"whole number"});
    expect_mentions(refusal("8x8x3-conv(0,3)-10"), {"channels"});
    expect_mentions(refusal("8x8x3-conv(4,3,0)-10"), {"conv(4,3,0)"});
    expect_mentions(refusal("8x8x3-4x4x1-10"), {"4x4x1", "shape"});
    expect_mentions(refusal("8x8x3-residual(2)-10"), {"residual(2)", "odd"});
    expect_mentions(refusal("8x8x3-residual-10"), {"residual", "8x8x3", "residual(3)"});
    expect_mentions(refusal("9-residual-10", "maxpool(3)"), {"residual", "maxpool(3)"});
    expect_mentions(refusal("9-residual-10", "lifting(3)"), {"residual", "lifting(3)", "fewer"});
    expect_mentions(refusal("8-10-3", "lifting(3)"), {"10", "lifting(3)", "multiple"});
    expect_mentions(refusal("8-2-3", "lifting(3)"), {"2 is no multiple", "3 numbers"});
    expect_mentions(refusal("8x0x3-10"), {"8x0x3"});
    expect_mentions(refusal("8x8x3x3-10"), {"8x8x3x3"});
    expect_mentions(refusal("9999x9999x9-10"), {"16777216 numbers"});
    expect_mentions(refusal("4096x4096x1-conv(65,1)-10"), {"conv(65,1)", "1073741824 numbers"});
    EXPECT_EQ(parse_network("4096x4096x1-conv(64,1)-conv(1,1)", "relu", "linear").widest(),
              Index{1} << 30);
    expect_mentions(refusal("9x9x1-conv(2,16777216,1,16777215)-10"),
                    {"windows", "16777216 numbers"});
    expect_mentions(refusal("4096x4096x1-avgpool(2048,1)-10"),
                    {"avgpool(2048,1)", "4194304 places"});
    expect_mentions(refusal("4096x4096x1-conv(1,1)-maxpool(2048,1)-10"), {"maxpool(2048,1)"});
    expect_mentions(refusal("4096x4096x1-avgpool-10"), {"avgpool", "4194304 places"});
    expect_mentions(refusal("8x8x3-conv(4,3)-maxpool(2)-batchnorm-10"),
                    {"batchnorm", "right before it"});
    expect_mentions(refusal("8x8x3-batchnorm-10"), {"batchnorm", "right before it"});
    expect_mentions(refusal("9-5-batchnorm-batchnorm-10"), {"batchnorm"});
    expect_mentions(refusal("9-residual-batchnorm-10"), {"batchnorm", "residual"});
    expect_mentions(refusal("9-5-10-batchnorm"), {"batchnorm", "outputs"});
    expect_mentions(refusal("9-5-batchnom-10"), {"did you mean batchnorm"});
}

TEST(NetworkSpec, refuses_activations_that_do_not_fit) {
    expect_mentions(refusal("5-4-3", "relu,relu"),
                    {"network.activation", "2 activations", "1 hidden"});
    expect_mentions(refusal("5-4-3-2-1", "relu,relu", "linear"), {"3 hidden layers"});
    EXPECT_NE(refusal("5-4-3", "rleu"), "");
    EXPECT_NE(refusal("5-4-3", ""), "");
}

TEST(NetworkSpec, refuses_one_score_unless_it_is_a_value) {
    expect_mentions(refusal("5-4-1"), {"network.layers = 5-4-1", "linear"});
    expect_mentions(refusal("5-4-1", "relu", "simplex"), {"linear"});
    EXPECT_TRUE(parse_network("5-4-1", "relu", "linear").regression());
    EXPECT_FALSE(parse_network("5-4-2", "relu", "linear").regression());
    expect_mentions(refusal("5-4-2", "relu", "max"), {"network.output = max", "softmax"});
}

}  // namespace
}  // namespace hoist
