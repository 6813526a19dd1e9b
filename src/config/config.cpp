#include "hoist/config/config.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/config/familiar_keys.hpp"
#include "key.hpp"

namespace hoist {

namespace {

const std::vector<Key>& keys() {
    static const std::vector<Key> table = [] {
        std::vector<Key> all;
        for (const auto& section : {data_keys(), network_keys(), formulation_keys(), weights_keys(),
                                    train_keys(), grid_keys(), checkpoint_keys()}) {
            all.insert(all.end(), section.begin(), section.end());
        }
        return all;
    }();
    return table;
}

std::string value_of(const ConfigText& text, const ConfigKey& key) {
    const auto found = text.find(key.name);
    return found == text.end() ? key.default_text : std::string(trim(found->second));
}

// config.ini and the copy in the model could not hold it.
void refuse_comment_signs(const ConfigText& text) {
    for (const auto& [name, value] : text) {
        if (value.find_first_of("#\n\r") != std::string::npos) {
            throw UsageError(name + " = " + value + " is not valid", "it holds a # or a line break",
                             "rename the file or folder");
        }
    }
}

// What chooses or counts the data, ends a run or belongs to the machine is not searched.
bool searchable(const ConfigKey& key) {
    static const std::vector<std::string> fixed{
        "data.limit",          "data.validation", "data.samples",          "data.test_samples",
        "data.seed",           "train.seed",      "train.target_accuracy", "train.time_limit",
        "train.evaluate_every"};
    const bool number = to_number(key.default_text) || key.name == "weights.step" ||
                        key.name == "formulation.gamma";
    return number && !key.name.starts_with("checkpoint.") &&
           std::ranges::find(fixed, key.name) == fixed.end();
}

[[noreturn]] void refuse_key(const std::string& name, const std::vector<std::string>& names) {
    const std::string problem = name + " is not a configuration key";
    if (const auto familiar = familiar_key(name)) {
        if (familiar->ours.empty()) {
            throw UsageError(problem, familiar->remark, "leave it out");
        }
        throw UsageError(
            problem, "",
            (familiar->ours.starts_with("--") ? "did you mean the option " : "did you mean ") +
                familiar->ours + (familiar->remark.empty() ? "?" : "? (" + familiar->remark + ")"));
    }
    const auto meant = nearest(name, names);
    throw UsageError(problem, "",
                     meant ? "did you mean " + *meant + "?" : "`hoist train --help` lists them");
}

void refuse_unknown(const ConfigText& text) {
    std::vector<std::string> names;
    for (const auto* list : {&config_keys(), &tune_keys()}) {
        for (const ConfigKey& key : *list) {
            names.push_back(key.name);
        }
    }
    for (const auto& [name, value] : text) {
        if (std::ranges::find(names, name) == names.end()) {
            if (name.starts_with("tune.") &&
                std::ranges::find(names, name.substr(5)) != names.end()) {
                throw UsageError(name + " is not a configuration key",
                                 name.substr(5) + " is no number that trials may choose",
                                 "leave it out of [tune]");
            }
            refuse_key(name, names);
        }
    }
}

}  // namespace

std::vector<double> Config::lambda_after(Index done) const {
    if (done >= length()) {
        return formulation.lambda_at(1.0);
    }
    const Index first = fit == Fit::sweeps ? 1 : 0;
    return formulation.lambda_at(done <= first ? 0.0
                                               : static_cast<double>(done - first) /
                                                     static_cast<double>(length() - first));
}

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> list(keys().begin(), keys().end());
    return list;
}

const std::vector<ConfigKey>& tune_keys() {
    static const std::vector<ConfigKey> list = [] {
        std::vector<ConfigKey> found;
        for (const ConfigKey& key : config_keys()) {
            if (searchable(key)) {
                found.push_back({"tune." + key.name, "", "LOW HIGH [log] [integer]"});
            }
        }
        return found;
    }();
    return list;
}

Config parse_config(const ConfigText& text) {
    refuse_unknown(text);
    refuse_comment_signs(text);
    Config config;
    const auto named = [&](const std::string& name) {
        return value_of(text, *std::ranges::find(config_keys(), name, &ConfigKey::name));
    };
    config.network = parse_network(named("network.layers"), named("network.activation"),
                                   named("network.output"));
    for (const Key& key : keys()) {
        key.read({key.name, value_of(text, key)}, config);
    }
    check_formulation(config.network, config.formulation);
    check_choices(config);
    return config;
}

ConfigText read_resolved_ini(const std::string& ini) {
    ConfigText values;
    std::string section;
    for (const std::string& line : split(ini, '\n')) {
        const auto equals = line.find('=');
        if (line.starts_with('[')) {
            section = line.substr(1, line.find(']') - 1);
        } else if (equals != std::string::npos) {
            values[section + "." + std::string(trim(line.substr(0, equals)))] =
                trim(line.substr(equals + 1));
        }
    }
    return values;
}

std::string resolved_ini(const ConfigText& text) {
    std::string ini;
    std::string section;
    for (const ConfigKey& key : config_keys()) {
        const auto dot = key.name.find('.');
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            ini += (ini.empty() ? "[" : "\n[") + section + "]\n";
        }
        ini += key.name.substr(dot + 1) + " = " + value_of(text, key) + "\n";
    }
    std::string ranges;
    for (const ConfigKey& key : tune_keys()) {
        if (text.contains(key.name)) {
            ranges += key.name.substr(key.name.find('.') + 1) + " = " + value_of(text, key) + "\n";
        }
    }
    if (!ranges.empty()) {
        ini += "\n[tune]\n" + ranges;
    }
    return ini;
}

}  // namespace hoist
