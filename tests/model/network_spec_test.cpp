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
    ASSERT_EQ(spec.blocks.size(), 4u);
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
    for (const auto& [layers, activation] :
         std::vector<std::pair<std::string, std::string>>{{"784-300-10", "relu"},
                                                          {"5-4-3-2", "relu,leaky_relu(0.25)"},
                                                          {"5-4-3-2", "hard_sigmoid"},
                                                          {"7-2", "relu"}}) {
        const NetworkSpec spec = parse_network(layers, activation, "softmax");
        EXPECT_EQ(spec.layers_text(), layers);
        EXPECT_EQ(spec.activation_text(), activation);
    }
    for (const std::string output : {"softmax", "linear", "simplex"}) {
        EXPECT_EQ(to_text(parse_output(output)), output);
    }
}

TEST(NetworkSpec, refuses_what_is_no_chain_of_widths) {
    for (const std::string layers :
         {"", "10", "10-", "-10", "10--5", "10-0-5", "10-x-5", "10-2.5-5", "10,5",
          "10-99999999999999999999-5", "10--3-5", "1e3-5"}) {
        expect_mentions(refusal(layers), {"network.layers"});
    }
    expect_mentions(refusal("10-x-5"), {"'x'", "784-300-100-10"});
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
