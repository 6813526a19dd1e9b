#include <set>

#include "hdf5_reader_state.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/hdf5_file.hpp"

namespace hoist {

namespace {

// What is beyond them is not looked for.
constexpr int deepest = 8;
constexpr std::size_t most_data_sets = 1000;

/// Collects the data sets below a group.
class Search {
  public:
    explicit Search(const Hdf5Reader& reader, hid_t file) : reader_(reader), file_(file) {}

    void visit(const std::string& group, int depth) {
        for (const std::string& name : reader_.members(group)) {
            if (found.size() >= most_data_sets) {
                return;
            }
            const std::string path = group + name;
            const Handle object(H5Oopen(file_, path.c_str(), H5P_DEFAULT), H5Oclose);
            H5O_info_t info;
            const bool known = object >= 0 && H5Oget_info(object, &info) >= 0;
            H5Eclear2(H5E_DEFAULT);
            if (known && info.type == H5O_TYPE_DATASET) {
                found.push_back(path.substr(1));
            } else if (known && info.type == H5O_TYPE_GROUP && depth < deepest &&
                       visited_.insert(info.addr).second) {
                visit(path + "/", depth + 1);
            }
        }
    }

    std::vector<std::string> found;

  private:
    const Hdf5Reader& reader_;
    hid_t file_;
    std::set<haddr_t> visited_;
};

/// h5py writes truth values as an enumeration of FALSE and TRUE.
bool is_boolean(hid_t type) {
    const auto value_of = [&](const char* name) {
        std::int8_t value = -1;
        const bool there = H5Tenum_valueof(type, name, &value) >= 0;
        H5Eclear2(H5E_DEFAULT);
        return there ? value : -1;
    };
    return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 && value_of("FALSE") == 0 &&
           value_of("TRUE") == 1;
}

}  // namespace

std::vector<std::string> Hdf5Reader::data_sets() const {
    Search search(*this, state_->file);
    search.visit("/", 0);
    return std::move(search.found);
}

std::string Hdf5Reader::why_no_data_set(const std::string& name) const {
    std::string path;
    for (const std::string& piece : split(name, '/')) {
        if (piece.empty()) {
            continue;
        }
        path += "/" + piece;
        H5L_info_t link;
        const bool linked = H5Lget_info(state_->file, path.c_str(), &link, H5P_DEFAULT) >= 0;
        H5Eclear2(H5E_DEFAULT);
        if (!linked) {
            return "there is no " + path.substr(1);
        }
        if (link.type == H5L_TYPE_EXTERNAL) {
            return path.substr(1) + " is a link into another file";
        }
        if (!has(path)) {
            return path.substr(1) + " is a link that leads nowhere";
        }
    }
    const Handle object(H5Oopen(state_->file, path.c_str(), H5P_DEFAULT), H5Oclose);
    if (H5Iget_type(object) == H5I_GROUP) {
        const std::vector<std::string> inside = members(path);
        return path.substr(1) + " is a group" +
               (inside.empty() ? ", and empty" : " and holds " + join(inside, ", "));
    }
    return path.substr(1) + " is no data set";
}

ElementType Hdf5Reader::element_type(const std::string& name) const {
    const State::Open& opened = state_->open(name);
    ElementType type{.size = H5Tget_size(opened.type)};
    switch (H5Tget_class(opened.type)) {
        case H5T_INTEGER:
            type.is_signed = H5Tget_sign(opened.type) != H5T_SGN_NONE;
            type.kind =
                type.size == 1 && !type.is_signed ? ElementKind::byte : ElementKind::integer;
            break;
        case H5T_ENUM:
            type.is_signed = true;
            type.kind = is_boolean(opened.type) ? ElementKind::boolean : ElementKind::integer;
            break;
        case H5T_FLOAT:
            type.kind = ElementKind::real;
            break;
        case H5T_STRING:
            type.kind = ElementKind::text;
            break;
        default:
            break;
    }
    return type;
}

}  // namespace hoist
