#include "supervisor/prober.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "support/eventually.h"
#include "support/song_task.h"
#include "support/temp_folder.h"

namespace msst::supervisor {
namespace {

using namespace std::chrono_literals;

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
        // 1234 (name) S 1233 …
        std::ifstream file(process.path() / "stat");
        std::string text;
        std::getline(file, text);
        const size_t name_end = text.rfind(") ");
        if (name_end != std::string::npos && std::stoi(text.substr(name_end + 4)) == parent)
            found.push_back(std::stoi(text));
    }
    return found;
}

class Probe : public ::testing::Test {
protected:
    ProberOptions how(const std::string& behaviour) const {
        return {.program = MSST_SIMULATED_WORKER, .arguments = {"probe", behaviour}, .timeout = 60s};
    }

    std::filesystem::path song() const {
        msst::testing::write_song(folder / "song", /*seconds=*/0.5);
        return folder / "song";
    }

    // The error of a check, as "code/reason".
    std::string error_of(const ProberOptions& options) {
        Prober prober(options, log);
        return error_of(prober);
    }
    std::string error_of(Prober& prober) {
        try {
            prober.check(song());
            return "none";
        } catch (const Error& error) {
            return (error.code() == ErrorCode::invalid_input ? "invalid/" : "unavailable/") + error.reason();
        }
    }

    msst::testing::TempFolder folder;
    Log log{folder / "log", LogLevel::info};
};

TEST_F(Probe, TellsWhatTheFileIs) {
    Prober prober(how("honest"), log);
    const tasks::AudioFacts facts = prober.check(song());

    EXPECT_EQ(facts.format, "wav");
    EXPECT_DOUBLE_EQ(facts.duration_seconds, 0.5);
    EXPECT_EQ(facts.sample_rate, 44100);
    EXPECT_EQ(facts.channels, 2);
}

TEST_F(Probe, ServesManyAtOnce) {
    Prober prober(how("honest"), log);
    const auto file = song();
    std::vector<std::future<tasks::AudioFacts>> answers;
    for (int i = 0; i < 6; ++i)
        answers.push_back(std::async(std::launch::async, [&] { return prober.check(file); }));

    for (auto& answer : answers) EXPECT_EQ(answer.get().channels, 2);
}

TEST_F(Probe, RefusesWhatIsNoAudio) {
    Prober prober(how("honest"), log);
    std::ofstream(folder / "page") << "<html>" << std::string(2'000, 'x') << "</html>";
    try {
        prober.check(folder / "page");
        FAIL() << "it was taken for audio";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_EQ(error.reason(), "unsupported_format");
        EXPECT_EQ(std::string(error.what()).find("/proc"), std::string::npos);
    }
    EXPECT_NE(read_file(folder / "log").find(R"("child":"answered")"), std::string::npos);
}

TEST_F(Probe, SurvivesWhateverTheFileDoesToTheChild) {
    EXPECT_EQ(error_of(how("crash")), "invalid/invalid_audio");
    EXPECT_EQ(error_of(how("garbage")), "invalid/invalid_audio");
    EXPECT_EQ(error_of(how("flood")), "invalid/invalid_audio");
    EXPECT_NE(read_file(folder / "log").find("was killed by signal 6"), std::string::npos);
}

TEST_F(Probe, GivesUpOnAChildThatNeverAnswers) {
    ProberOptions options = how("hang");
    options.timeout = 5s;  // in which even a busy machine starts the child
    Prober prober(options, log);
    EXPECT_EQ(error_of(prober), "invalid/invalid_audio");

    const std::vector<pid_t> servers = children_of(::getpid());
    ASSERT_EQ(servers.size(), 1);
    EXPECT_TRUE(testing::eventually([&] { return children_of(servers[0]).empty(); })) << "it still runs";
}

TEST_F(Probe, GoesOnWhenTheProcessThatForksHasDied) {
    Prober prober(how("honest"), log);
    prober.check(song());
    for (const pid_t server : children_of(::getpid())) ::kill(server, SIGKILL);

    EXPECT_EQ(prober.check(song()).channels, 2);
}

TEST_F(Probe, GoesOnWhenTheProcessThatForksHangs) {
    ProberOptions options = how("honest");
    options.timeout = 5s;
    Prober prober(options, log);
    prober.check(song());
    for (const pid_t server : children_of(::getpid())) ::kill(server, SIGSTOP);

    EXPECT_EQ(prober.check(song()).channels, 2);
}

TEST_F(Probe, DoesNotBlameTheFileForTheDeathOfTheProcessThatForks) {
    EXPECT_EQ(error_of(how("murder")), "unavailable/");
}

TEST_F(Probe, DoesNotBlameTheFileForAChildThatDoesNotStart) {
    EXPECT_EQ(error_of(how("deaf")), "unavailable/");
    ProberOptions absent = how("honest");
    absent.program = folder / "absent";
    EXPECT_EQ(error_of(absent), "unavailable/");
    EXPECT_EQ(error_of(how("absent")), "unavailable/");
}

TEST_F(Probe, DoesNotBlameTheFileForAChildThatCannotSendItsAnswer) {
    EXPECT_EQ(error_of(how("mute")), "unavailable/");
}

TEST_F(Probe, SaysThatAFileIsMissing) {
    Prober prober(how("honest"), log);
    try {
        prober.check(folder / "missing");
        FAIL() << "there is no such file";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
}

}  // namespace
}  // namespace msst::supervisor
