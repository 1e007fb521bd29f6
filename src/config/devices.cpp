#include "config/devices.h"

#include <algorithm>

#include "base/text.h"
#include "config/similar.h"
#include "config/units.h"
#include "yaml/scalars.h"

namespace msst::config {
namespace {

using yaml::Node;

const std::vector<std::string> kDeviceFields = {"kind", "name", "memory", "speed", "fault", "fault_while"};
const std::vector<std::string> kFaults = {"none", "hold", "hang", "crash", "error"};

bool is_auto(const Node& node) {
    return node.is_scalar() && to_lower_ascii(node.text) == "auto";
}

// "cuda:1" for "CUDA:1", "cuda:0" for "cuda"; none for what is no device.
std::optional<std::string> parse_device(std::string_view text) {
    std::string device = to_lower_ascii(trim(text));
    if (device == "cpu") return device;
    if (device == "cuda") return "cuda:0";
    if (!device.starts_with("cuda:")) return std::nullopt;
    const auto index = yaml::parse_whole(device.substr(5));
    if (!index || *index < 0 || *index > 127) return std::nullopt;
    return "cuda:" + std::to_string(*index);
}

bool is_simulated_name(const std::string& name) {
    const bool plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
    return plain && !name.empty() && name.size() <= 64 && !parse_device(name) && name != "auto";
}

// Fills one field of a simulated device. False: its value is wrong.
bool read_field(const std::string& field, const std::string& text, SimulatedDevice& device) {
    if (field == "kind") return text == "simulated";
    if (field == "name") device.name = text;
    if (field == "name") return is_simulated_name(text);
    if (field == "fault_while") device.fault_while = text;
    if (field == "fault") device.fault = text;
    if (field == "fault") return std::ranges::count(kFaults, text) > 0;
    if (field == "memory") {
        const auto bytes = parse_size(text);
        device.memory = bytes.value_or(0);
        return bytes.has_value();
    }
    if (field == "speed") {
        const auto speed = yaml::parse_number(text);
        device.speed = speed.value_or(0);
        return speed && *speed >= 0;
    }
    return true;
}

std::string field_accepts(const std::string& field) {
    if (field == "kind") return "simulated";
    if (field == "name") return "1 to 64 of the characters A-Z a-z 0-9 _ -, and no other device's name";
    if (field == "fault") return "one of " + join_words(kFaults);
    if (field == "memory") return "a size";
    return "a number of seconds of audio per second, or 0 for at once";
}

void read_simulated(const Node& node, Config& config, Problems& problems) {
    SimulatedDevice device;
    for (const yaml::Entry& field : node.entries) {
        if (std::ranges::count(kDeviceFields, field.key) == 0) {
            problems.add(field.line, "devices:",
                         "unknown field " + quote(field.key) + did_you_mean(field.key, kDeviceFields));
            continue;
        }
        const auto text = read_text(field.value, "devices: " + field.key, problems);
        if (text && !read_field(field.key, *text, device))
            problems.add(field.line, "devices:",
                         field.key + " must be " + field_accepts(field.key) + ", not " + quote(*text));
    }
    for (const char* field : {"kind", "name", "memory"})
        if (!node.find(field)) problems.add(node.line, "devices:", std::string("an entry has no ") + field);
    if (std::ranges::count(config.devices, device.name) > 0)
        problems.add(node.line, "devices", "names " + device.name + " twice");
    config.devices.push_back(device.name);
    config.simulated_devices.push_back(std::move(device));
}

void read_device(const Node& item, Config& config, Problems& problems) {
    if (item.is_mapping()) return read_simulated(item, config, problems);
    const auto device = item.is_scalar() ? parse_device(item.text) : std::nullopt;
    if (!device)
        problems.add(item.line, "devices", "must be auto, cpu or cuda:<number>, not " + describe_value(item));
    else if (std::ranges::count(config.devices, *device) > 0)
        problems.add(item.line, "devices", "names " + *device + " twice");
    else
        config.devices.push_back(*device);
}

void read_devices(const Node& node, Config& config, Problems& problems) {
    config.devices.clear();
    config.simulated_devices.clear();
    if (is_auto(node)) return;
    const std::vector<Node> items = node.is_sequence() ? node.items : std::vector<Node>{node};
    for (const Node& item : items) read_device(item, config, problems);
    if (items.empty()) problems.add(node.line, "devices", "is an empty list; write auto to use every device");
}

std::string show_simulated(const SimulatedDevice& device) {
    return "{kind: simulated, name: " + show_text(device.name) + ", memory: " + show_size(device.memory) +
           ", speed: " + show_number(device.speed) + ", fault: " + device.fault +
           (device.fault_while.empty() ? "" : ", fault_while: " + show_text(device.fault_while)) + "}";
}

std::string show_devices(const Config& config) {
    if (config.devices.empty()) return "auto";
    std::vector<std::string> shown;
    for (const std::string& name : config.devices) {
        const auto simulated = std::ranges::find(config.simulated_devices, name, &SimulatedDevice::name);
        shown.push_back(simulated == config.simulated_devices.end() ? name : show_simulated(*simulated));
    }
    return "[" + join_words(shown) + "]";
}

}  // namespace

Key devices_key(const KeyText& text) {
    return {.name = text.name,
            .accepts = "auto, or a list of cpu, cuda:<number> and {kind: simulated, name, memory, …}",
            .help = text.help,
            .read = read_devices,
            .show = show_devices,
            .is_list = true};
}

}  // namespace msst::config
