#pragma once

#include <string>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/model/network_spec.hpp"
#include "hoist/model/weights.hpp"
#include "hoist/problem/samples.hpp"

namespace hoist {

/// A model on its way to or from the formats of other tools.
struct PortableModel {
    NetworkSpec network;
    /// One per map; single precision is exact in them.
    std::vector<Weights<double>> maps;
    Standardization standardization;
    /// Of the maps.
    Precision precision = Precision::single;
    std::vector<std::string> class_names;
    /// Where it comes from: the configuration and the time; empty where that is not known.
    std::string config;
    std::string created;
    /// What of the file is not read, or is read as something else: sentences without a stop.
    std::vector<std::string> remarks;
};

/// What is said where one score becomes two classes.
inline constexpr const char* two_classes_remark =
    "its one score is read as two classes: its sigmoid is the probability of the second";

/// Makes one score s, whose sigmoid is the probability of the second class, the two scores -s/2 and
/// s/2 of a softmax, which gives the same. @pre the last map has one output.
void make_two_classes(PortableModel& model);

/// Holds the network to the maps, or where it has none, makes it a chain of dense maps of their sizes.
/// @param shown the file's name, for messages.
/// @throws DataError where the parts contradict one another or hold a number that is not finite.
void complete(PortableModel& model, const std::string& shown);

}  // namespace hoist
