// The extension hoist._hoist: what of the package's work is done by the C++ library.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "hoist/base/error.hpp"
#include "hoist/train/evaluation.hpp"
#include "local_model.hpp"

namespace py = pybind11;

namespace hoist {

namespace {

template <typename Scalar>
using Rows = py::array_t<Scalar, py::array::c_style>;

/// @pre `given` is C-contiguous, of samples x features and one of the two precisions; it outlives what is returned.
LocalNetwork<float>::Inputs columns_of(const py::array& given) {
    if (py::isinstance<py::array_t<double>>(given)) {
        return Eigen::Map<const Matrix<double>>(static_cast<const double*>(given.data()),
                                                given.shape(1), given.shape(0));
    }
    return Eigen::Map<const Matrix<float>>(static_cast<const float*>(given.data()), given.shape(1),
                                           given.shape(0));
}

/// What both precisions answer alike.
template <typename Work>
decltype(auto) ask(const LocalModel& model, Work work) {
    return std::visit(work, model.network);
}

const ModelHeader& header_of_model(const LocalModel& model) {
    return ask(model, [](const auto& network) -> const ModelHeader& { return network.header(); });
}

/// The names of the inputs; none where they have none, or are the words of a table's columns.
std::vector<std::string> columns_of_model(const LocalModel& model) {
    const ModelHeader& header = header_of_model(model);
    std::vector<std::string> names;
    for (const TableColumn& column : header.table.columns) {
        names.push_back(column.name);
    }
    return header.table.named() && std::ssize(names) == header.inputs()
               ? names
               : std::vector<std::string>{};
}

/// The scores, and before them the hidden activations where these are wanted.
py::list answer(const LocalModel& model, const py::array& given, bool with_hidden) {
    return ask(model, [&]<typename Scalar>(const LocalNetwork<Scalar>& network) {
        const NetworkSpec& spec = network.spec();
        const Index samples = given.shape(0);
        py::list arrays;
        std::vector<typename LocalNetwork<Scalar>::Block> hidden;
        for (Index l = 1; with_hidden && l < spec.layers(); ++l) {
            Rows<Scalar> block({samples, spec.block(l).size()});
            hidden.emplace_back(block.mutable_data(), block.shape(1), samples);
            arrays.append(block);
        }
        Rows<double> scores({samples, spec.outputs()});
        arrays.append(scores);
        const typename LocalNetwork<Scalar>::Scores to(scores.mutable_data(), spec.outputs(),
                                                       samples);
        const auto inputs = columns_of(given);
        const py::gil_scoped_release others;
        network.answer(inputs, to, std::move(hidden));
        return arrays;
    });
}

py::array_t<double> energies(const LocalModel& model, const py::array& given) {
    const Vector<double> sums = ask(model, [&](const auto& network) {
        const auto inputs = columns_of(given);
        const py::gil_scoped_release others;
        return network.energies(inputs);
    });
    return py::array_t<double>(sums.size(), sums.data());
}

/// @param pictures samples x rows x columns x channels.
Rows<double> restore(const LocalModel& model, const Rows<double>& pictures) {
    const Shape shape{pictures.shape(1), pictures.shape(2), pictures.shape(3)};
    Rows<double> restored({pictures.shape(0), shape.rows, shape.columns, shape.channels});
    Eigen::Map<Matrix<double>> to(restored.mutable_data(), shape.size(), pictures.shape(0));
    const Eigen::Map<const Matrix<double>> from(pictures.data(), shape.size(), pictures.shape(0));
    const py::gil_scoped_release others;
    ask(model, [&](const auto& network) { to = network.restore(shape, from); });
    return restored;
}

/// A view of the model's own numbers, which keeps `owner` alive.
template <typename Scalar, typename Numbers>
py::array view(const Numbers& numbers, std::vector<Index> shape, const py::object& owner) {
    std::vector<Index> strides{sizeof(Scalar)};
    if (shape.size() == 2) {
        strides.push_back(static_cast<Index>(sizeof(Scalar)) * shape[0]);
    }
    py::array array(py::dtype::of<Scalar>(), std::move(shape), std::move(strides), numbers.data(),
                    owner);
    array.attr("setflags")(py::arg("write") = false);
    return array;
}

py::list weights(const py::object& self) {
    py::list arrays;
    ask(self.cast<const LocalModel&>(), [&]<typename Scalar>(const LocalNetwork<Scalar>& network) {
        for (const Weights<Scalar>& map : network.maps()) {
            arrays.append(view<Scalar>(map.matrix, {map.matrix.rows(), map.matrix.cols()}, self));
        }
    });
    return arrays;
}

py::list biases(const py::object& self) {
    py::list arrays;
    ask(self.cast<const LocalModel&>(), [&]<typename Scalar>(const LocalNetwork<Scalar>& network) {
        for (const Weights<Scalar>& map : network.maps()) {
            arrays.append(view<Scalar>(map.bias, {map.bias.size()}, self));
        }
    });
    return arrays;
}

/// What a configuration says, for the package: it is checked before any rank starts.
struct Resolved {
    std::string ini;
    Config config;
};

Resolved resolve(const ConfigText& keys) { return {resolved_ini(keys), parse_config(keys)}; }

/// Raises hoist.errors' class of the status.
void raise(const Error& error) {
    const py::object made = py::module_::import("hoist.errors")
                                .attr("error_of")(static_cast<int>(error.status()), error.what());
    PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
}

}  // namespace

PYBIND11_MODULE(_hoist, module) {
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) {
                std::rethrow_exception(pointer);
            }
        } catch (const Error& error) {
            raise(error);
        }
    });
    module.attr("version") = HOIST_VERSION;
    module.def("resolve", &resolve, py::arg("keys"));
    py::class_<Resolved>(module, "Resolved")
        .def_readonly("ini", &Resolved::ini)
        .def_property_readonly("length", [](const Resolved& r) { return r.config.length(); })
        .def_property_readonly("unit", [](const Resolved& r) { return r.config.unit(); })
        .def_property_readonly(
            "inputs",
            [](const Resolved& r) { return r.config.data.lift.numbers(r.config.network.inputs()); })
        .def_property_readonly("outputs",
                               [](const Resolved& r) { return r.config.network.outputs(); })
        .def_property_readonly(
            "figure", [](const Resolved& r) { return to_text(figure_of(r.config.network)); })
        .def_property_readonly(
            "standardized",
            [](const Resolved& r) { return r.config.standardize != Standardize::no; })
        .def_property_readonly("precision",
                               [](const Resolved& r) { return to_text(r.config.precision); });

    // Files are read and written while the lock of the interpreter is held: the HDF5 library serves one thread at a
    // time, and others may use it, too.
    py::class_<LocalModel>(module, "LocalModel")
        .def(py::init([](const std::string& path, const std::optional<std::string>& precision) {
                 return read_local_model(
                     path, precision ? std::optional(*precision == "float" ? Precision::single
                                                                           : Precision::full)
                                     : std::nullopt);
             }),
             py::arg("path"), py::arg("precision") = py::none())
        .def("write", &write_local_model, py::arg("path"))
        .def("answer", &answer, py::arg("rows"), py::arg("with_hidden"))
        .def("energies", &energies, py::arg("rows"))
        .def("restore", &restore, py::arg("pictures"))
        .def_property_readonly("weights", &weights)
        .def_property_readonly("biases", &biases)
        .def_property_readonly(
            "layers", [](const LocalModel& m) { return header_of_model(m).network.layers_text(); })
        .def_property_readonly("activations",
                               [](const LocalModel& m) {
                                   const NetworkSpec& network = header_of_model(m).network;
                                   std::vector<std::string> names;
                                   for (Index l = 1; l <= network.layers(); ++l) {
                                       names.push_back(network.name_above(l));
                                   }
                                   return names;
                               })
        .def_property_readonly("inputs",
                               [](const LocalModel& m) { return header_of_model(m).inputs(); })
        .def_property_readonly(
            "outputs", [](const LocalModel& m) { return header_of_model(m).network.outputs(); })
        .def_property_readonly("input_shape",
                               [](const LocalModel& m) {
                                   const Shape& shape = header_of_model(m).network.block(0);
                                   return std::tuple(shape.rows, shape.columns, shape.channels);
                               })
        .def_property_readonly(
            "figure",
            [](const LocalModel& m) { return to_text(figure_of(header_of_model(m).network)); })
        .def_property_readonly("class_names",
                               [](const LocalModel& m) { return header_of_model(m).class_names; })
        .def_property_readonly("columns", &columns_of_model)
        .def_property_readonly("config",
                               [](const LocalModel& m) { return header_of_model(m).config; })
        .def_property_readonly(
            "standardized",
            [](const LocalModel& m) { return !header_of_model(m).standardization.empty(); })
        .def_property_readonly("precision", [](const LocalModel& m) {
            return std::holds_alternative<LocalNetwork<float>>(m.network) ? "float" : "double";
        });
}

}  // namespace hoist
