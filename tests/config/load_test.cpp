#include "config/load.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "support/temp_folder.h"

namespace msst::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Config parse(const std::string& text, const Environment& environment = {}) {
    return parse_config(text, "m.yaml", environment).config;
}

std::string problems_of(const std::string& text, const Environment& environment = {}) {
    try {
        parse(text, environment);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        return error.what();
    }
    return "no problem";
}

struct Wrong {
    const char* text;
    const char* problem;  // the whole message
};

void PrintTo(const Wrong& wrong, std::ostream* stream) {
    *stream << wrong.text;
}

class WrongValue : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongValue, IsToldWithItsLine) {
    EXPECT_THAT(problems_of(GetParam().text), HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Config, WrongValue,
    ::testing::Values(
        Wrong{"\nport: 65536", "m.yaml:2: port must be a whole number, 0 to 65535, not '65536'"},
        Wrong{"port: -1", "m.yaml:1: port must be a whole number, 0 to 65535, not '-1'"},
        Wrong{"port: 80.5", "m.yaml:1: port must be a whole number"}, Wrong{"port: [1]", "not a list"},
        Wrong{"port:\n", "m.yaml:1: port has no value"},
        Wrong{"prot: 1", "m.yaml:1: unknown key 'prot'; did you mean 'port'?"},
        Wrong{"xyzzy: 1", "m.yaml:1: unknown key 'xyzzy'"},
        Wrong{"port: 1\n\nport: 2", "m.yaml:3: port is given twice, first in line 1"},
        Wrong{"max_file_size: 5XB", "m.yaml:1: max_file_size must be a size"},
        Wrong{"max_file_size: 0", "max_file_size must be a size"},
        Wrong{"max_file_size: 99999999999999999999GB", "max_file_size must be a size"},
        Wrong{"cleanup_retention_hours: -1", "cleanup_retention_hours must be a time"},
        Wrong{"cleanup_retention_hours: nan", "cleanup_retention_hours must be a time"},
        Wrong{"lease_seconds: 2 weeks", "lease_seconds must be a time"},
        Wrong{"lease_seconds: 2h", "lease_seconds must be a time, 1 to 3600 seconds"},
        Wrong{"enable_auth: 'true'", "enable_auth must be true or false"},
        Wrong{"enable_auth: 1", "m.yaml:1: enable_auth must be true or false, not '1'"},
        Wrong{"worker_threads: 0", "worker_threads must be a whole number, 1 to 256, or auto, not '0'"},
        Wrong{"precision: float61",
              "must be one of auto, float32, bfloat16, float16, not 'float61'; did you mean "},
        Wrong{"log_level: loud", "log_level must be one of debug, info, warning, error"},
        Wrong{"host: 'a b'", "host must be an IP address"},
        Wrong{"host: 256.1.1.1", "host must be an IP address"},
        Wrong{"host: '[::1]'", "IPv6 without brackets"}, Wrong{"host: ''", "host must be text, not empty"},
        Wrong{"default_model_type: ../x", "default_model_type must be 1 to 64 of the characters"},
        Wrong{"devices: [cpu, gpu]", "devices must be auto, cpu or cuda:<number>, not 'gpu'"},
        Wrong{"devices:\n- cuda\n- cuda:0", "m.yaml:3: devices names cuda:0 twice"},
        Wrong{"devices: []", "devices is an empty list"}, Wrong{"devices: [cuda:-1]", "not 'cuda:-1'"},
        Wrong{"models: {}", "models must be a list"}, Wrong{"models: [x]", "models must hold mappings"},
        Wrong{"models:\n- model_type: a\n  checkpoint_path: b",
              "m.yaml:2: models: an entry has no config_path"},
        Wrong{"models:\n- {model_type: a, config_path: b, checkpoint: c}", "unknown field 'checkpoint'"},
        Wrong{"models:\n- {model_type: a, config_path: b, checkpoint_path: c}\n"
              "- {model_type: a, config_path: b, checkpoint_path: c}",
              "m.yaml:3: models: model_type 'a' is given twice"},
        Wrong{"models:\n- {model_type: a/b, config_path: b, checkpoint_path: c}", "model_type must be"},
        Wrong{"api_keys: secret", "api_keys must be a list"}, Wrong{"api_keys: ['']", "holds an empty key"},
        Wrong{"api_keys:\n- a\n- a", "m.yaml:3: api_keys holds the same key for 'key-1' and 'key-2'"},
        Wrong{"api_keys:\n- {name: x, key: a}\n- {name: x, key: b}",
              "m.yaml:3: api_keys has the name 'x' twice"},
        Wrong{"api_keys: ['sha256:abc']", "sha256: without 64 hex digits"},
        Wrong{"api_keys: ['two words']", "no client can send that"},
        Wrong{"api_keys: [{name: x}]", "other fields than name and key"},
        Wrong{"api_keys: [{name: '', key: a}]", "a name that is empty"},
        Wrong{"- a", "must hold `key: value` lines"},
        Wrong{"enable_auth: true", "m.yaml:1: enable_auth is true, but api_keys is empty"},
        Wrong{"port: 1\nhost: 0.0.0.0", "m.yaml:2: host '0.0.0.0' can be reached by others"},
        Wrong{"host: '::'", "can be reached by others"},
        Wrong{"metadata_retention_hours: 1",
              "m.yaml:1: metadata_retention_hours is 1, but cleanup_retention_hours is 24"},
        Wrong{"progress_timeout_seconds: 10", "but lease_seconds is 30"}));

TEST(LoadConfig, TellsEveryProblemAtOnce) {
    const std::string problems =
        problems_of("prot: 1\nmax_attempts: 0\nenable_auth: true\n", {{"MSST_PORT", "x"}});
    EXPECT_THAT(problems,
                AllOf(HasSubstr("m.yaml:1: unknown key"), HasSubstr("\nm.yaml:2: max_attempts must"),
                      HasSubstr("\nMSST_PORT: must be a whole number"),
                      HasSubstr("\nm.yaml:3: enable_auth is true")));
}

TEST(LoadConfig, DoesNotCompareWithValuesItDidNotUnderstand) {
    EXPECT_EQ(problems_of("enable_auth: true\napi_keys: ['']"), "m.yaml:2: api_keys holds an empty key");
}

TEST(LoadConfig, BoundsTheNumberOfProblems) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "xyzzy" + std::to_string(i) + ": 1\n";
    EXPECT_THAT(problems_of(text), AllOf(HasSubstr("\nand more"), Not(HasSubstr("xyzzy500"))));
}

TEST(LoadConfig, ReadsEveryKindOfValue) {
    const Config config = parse(
        "host: '::1'\nport: 0\nmax_file_size: 1.5GiB\nworker_threads: 4\ncleanup_retention_hours: 30m\n"
        "metadata_retention_hours: 2d\nlease_seconds: 1500ms\ndevices: [CUDA:1, cpu]\nprecision: BFloat16\n"
        "status_requests_per_hour: 7\nlog_file: '-'\nmodels:\n"
        "- {model_type: kim, architecture: mel_band_roformer, config_path: a.yaml, checkpoint_path: "
        "a.ckpt}\n");
    EXPECT_EQ(config.host, "::1");
    EXPECT_EQ(config.port, 0);
    EXPECT_EQ(config.max_file_size, 1'610'612'736);
    EXPECT_EQ(config.worker_threads, 4);
    EXPECT_DOUBLE_EQ(config.cleanup_retention_hours, 0.5);
    EXPECT_DOUBLE_EQ(config.metadata_retention_hours, 48);
    EXPECT_EQ(config.lease.count(), 1500);
    EXPECT_THAT(config.devices, ElementsAre("cuda:1", "cpu"));
    EXPECT_EQ(config.precision, "bfloat16");
    EXPECT_EQ(config.status_requests_per_hour, 7);
    EXPECT_EQ(config.log_file, "-");
    ASSERT_EQ(config.models.size(), 1u);
    EXPECT_EQ(config.models[0].architecture, "mel_band_roformer");
    EXPECT_EQ(config.models[0].checkpoint_path, "a.ckpt");
}

TEST(LoadConfig, ReadsSimulatedDevices) {
    const Config config = parse(
        "devices:\n- cpu\n- {kind: simulated, name: big, memory: 8GB, speed: 20, fault: hang, fault_while: "
        "f}\n");
    EXPECT_THAT(config.devices, ElementsAre("cpu", "big"));
    ASSERT_EQ(config.simulated_devices.size(), 1u);
    EXPECT_EQ(config.simulated_devices[0].memory, 8'000'000'000);
    EXPECT_EQ(config.simulated_devices[0].speed, 20);
    EXPECT_EQ(config.simulated_devices[0].fault, "hang");
    EXPECT_EQ(config.simulated_devices[0].fault_while, "f");
}

TEST(LoadConfig, SaysEverythingThatIsWrongWithASimulatedDevice) {
    try {
        parse(
            "devices:\n- {kind: real, name: 'cuda:0', memory: much, fault: fire, spede: 1}\n- {kind: "
            "simulated}");
        FAIL();
    } catch (const Error& error) {
        for (const char* word : {"kind must be", "name must be", "memory must be", "fault must be", "'spede'",
                                 "has no name", "has no memory"})
            EXPECT_THAT(error.what(), HasSubstr(word));
    }
}

TEST(LoadConfig, ReadsJson) {
    EXPECT_EQ(
        parse("{\"port\": 9000, \"max_file_size\": \"1MB\", \"enable_rate_limit\": true}").max_file_size,
        1'000'000);
}

TEST(LoadConfig, KeepsOnlyHashesOfApiKeys) {
    const std::string hash = sha256_hex("secret");
    const Config config =
        parse("enable_auth: true\napi_keys:\n- first\n- {name: alice, key: secret}\n- sha256:" +
              sha256_hex("third"));
    ASSERT_EQ(config.api_keys.size(), 3u);
    EXPECT_EQ(config.api_keys[0].name, "key-1");
    EXPECT_EQ(config.api_keys[1].name, "alice");
    EXPECT_EQ(config.api_keys[1].sha256, hash);
    EXPECT_EQ(config.api_keys[2].sha256, sha256_hex("third"));
}

TEST(LoadConfig, NeverRepeatsAKeyInAMessage) {
    EXPECT_THAT(problems_of("api_keys:\n- 'pass phrase'\n- {name: x, key: [hunter2]}"),
                AllOf(Not(HasSubstr("phrase")), Not(HasSubstr("hunter2"))));
    EXPECT_THAT(problems_of("", {{"MSST_API_KEYS", "[hunter2"}}),
                AllOf(HasSubstr("MSST_API_KEYS: "), Not(HasSubstr("hunter2"))));
}

TEST(LoadConfig, AllowsAPublicHostWithAuthentication) {
    EXPECT_EQ(parse("host: 0.0.0.0\nenable_auth: true\napi_keys: [k]").host, "0.0.0.0");
}

TEST(LoadConfig, AllowsAPublicHostWhenToldSo) {
    EXPECT_EQ(parse("host: 0.0.0.0\nallow_public_without_auth: true").host, "0.0.0.0");
}

TEST(LoadConfig, KnowsEveryLoopbackAddress) {
    for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"})
        EXPECT_EQ(parse(std::string("host: '") + host + "'").host, host);
}

TEST(LoadConfig, LetsTheEnvironmentOverrideTheFile) {
    EXPECT_EQ(parse("port: 1", {{"MSST_PORT", "9000"}}).port, 9000);
}

TEST(LoadConfig, NamesTheVariableOfAWrongValue) {
    EXPECT_EQ(problems_of("", {{"MSST_PORT", "http"}}),
              "MSST_PORT: must be a whole number, 0 to 65535, not 'http'");
    EXPECT_THAT(problems_of("", {{"MSST_HOST", "0.0.0.0"}}),
                HasSubstr("MSST_HOST: host '0.0.0.0' can be reached"));
}

TEST(LoadConfig, TakesListsFromTheEnvironmentInEveryForm) {
    EXPECT_THAT(parse("", {{"MSST_DEVICES", "cuda:0, cuda:1"}}).devices, ElementsAre("cuda:0", "cuda:1"));
    EXPECT_THAT(parse("", {{"MSST_DEVICES", R"(["cuda:2"])"}}).devices, ElementsAre("cuda:2"));
    EXPECT_THAT(parse("", {{"MSST_DEVICES", "cpu"}}).devices, ElementsAre("cpu"));
    EXPECT_THAT(parse("devices: cpu", {{"MSST_DEVICES", "auto"}}).devices, IsEmpty());
    EXPECT_EQ(parse("", {{"MSST_API_KEYS", "one,two"}, {"MSST_ENABLE_AUTH", "true"}}).api_keys.size(), 2u);
    EXPECT_EQ(
        parse("", {{"MSST_API_KEYS", "[{name: a, key: b}]"}, {"MSST_ENABLE_AUTH", "true"}}).api_keys[0].name,
        "a");
}

TEST(LoadConfig, RefusesAnEmptyKeyInAList) {
    EXPECT_THAT(problems_of("", {{"MSST_API_KEYS", "a,,b"}}), HasSubstr("MSST_API_KEYS: holds an empty key"));
}

TEST(LoadConfig, WarnsOfVariablesWithoutEffect) {
    const Loaded loaded = parse_config("", "m.yaml", {{"MSST_PROT", "1"}, {"MSST_HOST", ""}});
    EXPECT_THAT(loaded.warnings, ElementsAre("MSST_HOST: is empty and counts as not set",
                                             "MSST_PROT: no key has this name; did you mean 'port'?"));
}

TEST(LoadConfig, WarnsOfKeysWithoutEffect) {
    EXPECT_THAT(parse_config("api_keys: [a]", "m.yaml", {}).warnings,
                ElementsAre("m.yaml:1: api_keys has no effect while enable_auth is false"));
    EXPECT_THAT(parse_config("devices: cpu\nworker_threads: 2", "m.yaml", {}).warnings,
                ElementsAre(HasSubstr("m.yaml:2: worker_threads is 2, but a CPU takes one task")));
}

TEST(LoadConfig, UsesDefaultsAndWarnsWhenTheFileIsMissing) {
    const testing::TempFolder folder;
    const Loaded loaded = load_config(folder / "none.yaml", {});
    EXPECT_EQ(loaded.config.port, Config{}.port);
    EXPECT_TRUE(loaded.file.empty());
    EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("none.yaml: no such file; the defaults are used")));
}

TEST(LoadConfig, RefusesAFolderForAFile) {
    const testing::TempFolder folder;
    EXPECT_THROW(load_config(folder.path(), {}), Error);
}

TEST(LoadConfig, WarnsOfApiKeysThatEveryUserCanRead) {
    namespace fs = std::filesystem;
    const testing::TempFolder folder;
    std::ofstream(folder / "m.yaml") << "enable_auth: true\napi_keys: [a]\n";
    fs::permissions(folder / "m.yaml", fs::perms(0644));
    EXPECT_THAT(load_config(folder / "m.yaml", {}).warnings,
                ElementsAre(HasSubstr("can be read by every user")));
    fs::permissions(folder / "m.yaml", fs::perms(0600));
    EXPECT_THAT(load_config(folder / "m.yaml", {}).warnings, IsEmpty());
}

}  // namespace
}  // namespace msst::config
