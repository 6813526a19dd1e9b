#include "array_file.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "part.hpp"

namespace hoist {

namespace {

class Hdf5Array : public RowArray {
  public:
    Hdf5Array(const std::filesystem::path& path, const std::string& name,
              std::shared_ptr<const Hdf5Reader> reader)
        : RowArray(name + " in " + path.string(), reader->dimensions("/" + name),
                   reader->element_type("/" + name).kind, reader->element_type("/" + name).name()),
          name_("/" + name),
          reader_(std::move(reader)) {}

    void read_rows(Index first, std::span<double> row_major) override {
        reader_->read_rows<double>(name_, first, row_major);
    }

    std::vector<std::string> read_texts() override {
        std::vector<std::string> texts = reader_->read_text(name_);
        for (const std::string& text : texts) {
            if (!is_utf8(text)) {
                refuse("it holds a text that is not UTF-8", "store texts as UTF-8");
            }
        }
        return texts;
    }

  private:
    std::string name_;
    std::shared_ptr<const Hdf5Reader> reader_;
};

class Hdf5Arrays : public ArrayFile {
  public:
    explicit Hdf5Arrays(const std::filesystem::path& path)
        : ArrayFile(path),
          reader_(std::make_shared<Hdf5Reader>(path, Hdf5Reader::Checksum::if_present)) {}

    std::vector<std::string> names() const override { return reader_->data_sets(); }

    std::unique_ptr<RowArray> open(const std::string& name) const override {
        return std::make_unique<Hdf5Array>(shown(), name, reader_);
    }

    std::string why_not(const std::string& name) const override {
        return reader_->why_no_data_set(name);
    }

    std::pair<Index, Index> declared_image(const std::string& name) const override {
        const std::string path = "/" + name;
        if (!reader_->has_attribute(path, "image_rows") ||
            !reader_->has_attribute(path, "image_columns")) {
            return {0, 0};
        }
        return {reader_->whole_number_attribute(path, "image_rows"),
                reader_->whole_number_attribute(path, "image_columns")};
    }

  private:
    std::shared_ptr<const Hdf5Reader> reader_;
};

}  // namespace

DataParts open_hdf5(const DataConfig& config, const DataUse& use) {
    NamedFile train;
    NamedFile test;
    if (!config.train.empty()) {
        train.file = std::make_shared<Hdf5Arrays>(data_file(config, config.train));
    }
    if (!config.test.empty()) {
        test.file = config.test == config.train
                        ? train.file
                        : std::make_shared<Hdf5Arrays>(data_file(config, config.test));
    }
    return open_arrays(train, test, config, use);
}

}  // namespace hoist
