#include "hoist/problem/model_file.hpp"

#include <gtest/gtest.h>

#include "hoist/base/error.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

/// Parts of a model or checkpoint of 3-2-2, whole files with the right checksum.
struct Parts {
    Index first_rows = 2;
    Index second_columns = 2;
    std::string output = "softmax";
    std::vector<std::string> names = {"one", "two"};
    double sweep = 3.0;
    std::vector<double> shape = {};
};

class ModelFile : public testing::Test {
  protected:
    std::filesystem::path file() const { return folder_.path() / "model.h5"; }

    void write(const Parts& parts) const {
        Hdf5Writer writer(file());
        const auto matrix = [&](const std::string& name, Index rows, Index columns) {
            writer.write<float>(name, rows, columns,
                                std::vector<float>(static_cast<std::size_t>(rows * columns)));
        };
        matrix("/layers/0/weights", parts.first_rows, 3);
        matrix("/layers/1/weights", 2, parts.second_columns);
        writer.attribute("/layers/0", "activation", "relu");
        writer.attribute("/", "format_version", Index{1});
        writer.attribute("/", "kind", "checkpoint");
        writer.attribute("/", "output", parts.output);
        for (const char* name : {"config", "created", "version"}) {
            writer.attribute("/", name, "");
        }
        for (const char* name : {"batch", "loss", "averaged", "rate_scale", "rate_best",
                                 "rate_waited", "seconds_training", "bytes_sent"}) {
            matrix(std::string("/progress/") + name, 1, 1);
        }
        writer.write<double>("/progress/sweep", std::span(&parts.sweep, 1));
        writer.write("/class_names", parts.names);
        if (!parts.shape.empty()) {
            writer.write<double>("/input/shape", std::span(parts.shape));
        }
        writer.commit();
    }

    void refuses(const Parts& parts) const {
        write(parts);
        EXPECT_THROW(read_model_header(file()), DataError);
    }

    const OwnFolder folder_;
};

TEST_F(ModelFile, without_a_contradiction_is_read) {
    write({});
    const ModelHeader header = read_model_header(file());
    EXPECT_EQ(header.network.layers_text(), "3-2-2");
    EXPECT_EQ(header.progress.sweep, 3);
}

TEST_F(ModelFile, tells_how_its_samples_are_laid_out) {
    write({.shape = {1, 3}});
    EXPECT_EQ(read_model_header(file()).sample_shape, (std::vector<Index>{1, 3}));
    refuses({.shape = {2, 3}});
    refuses({.shape = {-1, -3}});
    refuses({.shape = {1.5, 2}});
    refuses({.shape = {std::numeric_limits<double>::quiet_NaN()}});
}

TEST_F(ModelFile, with_fewer_names_than_outputs_is_refused) { refuses({.names = {"one"}}); }

TEST_F(ModelFile, whose_layers_do_not_meet_is_refused) { refuses({.second_columns = 3}); }

TEST_F(ModelFile, with_a_layer_of_no_units_is_refused) {
    refuses({.first_rows = 0, .second_columns = 0});
}

TEST_F(ModelFile, whose_counts_are_no_counts_is_refused) {
    refuses({.sweep = -1.0});
    refuses({.sweep = 1e300});
    refuses({.sweep = std::numeric_limits<double>::quiet_NaN()});
}

}  // namespace
}  // namespace hoist
