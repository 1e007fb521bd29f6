// yaml_to_json in.yaml out.json: the same document as compact JSON, keys in their order. Runs at build time.
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace {

using Json = nlohmann::ordered_json;

// What a plain scalar means in YAML's core schema; a quoted one is text.
Json scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;
    if (text == "true") return true;
    if (text == "false") return false;
    const Json number = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return number.is_number() ? number : Json(text);
}

Json convert(const YAML::Node& node) {
    if (node.IsNull()) return nullptr;
    if (node.IsScalar()) return scalar(node);
    if (node.IsSequence()) {
        Json array = Json::array();
        for (const YAML::Node& item : node) array.push_back(convert(item));
        return array;
    }
    Json object = Json::object();
    for (const auto& pair : node) {
        const std::string key = pair.first.Scalar();
        if (object.contains(key)) throw std::runtime_error("the key '" + key + "' comes twice");
        object[key] = convert(pair.second);
    }
    return object;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "usage: yaml_to_json in.yaml out.json\n";
        return 2;
    }
    try {
        std::ofstream out(arguments[2], std::ios::binary);
        out << convert(YAML::LoadFile(arguments[1])).dump() << '\n';
        out.close();
        if (!out) throw std::runtime_error(std::string("cannot write ") + arguments[2]);
    } catch (const std::exception& error) {
        std::cerr << arguments[1] << ": " << error.what() << '\n';
        return 1;
    }
}
