#include "http/offload.h"

#include <memory>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace msst::http {
namespace {

namespace asio = boost::asio;

// Runs a coroutine to its end on this thread.
template <class T>
T run(asio::awaitable<T> work) {
    asio::io_context io;
    auto result = asio::co_spawn(io, std::move(work), asio::use_future);
    io.run();
    return result.get();
}

TEST(Offload, RunsOnThePoolAndComesBack) {
    asio::thread_pool pool(1);
    const auto work = [&]() -> asio::awaitable<bool> {
        const auto home = std::this_thread::get_id();
        const auto there = co_await offload(pool, [] { return std::this_thread::get_id(); });
        co_return there != home&& std::this_thread::get_id() == home;
    };
    EXPECT_TRUE(run(work()));
}

TEST(Offload, ReturnsWhatCannotBeCopiedAndNothing) {
    asio::thread_pool pool(1);
    const auto work = [&]() -> asio::awaitable<int> {
        int sum = 0;
        co_await offload(pool, [&] { sum += 1; });
        const std::unique_ptr<int> two = co_await offload(pool, [] { return std::make_unique<int>(2); });
        co_return sum + *two;
    };
    EXPECT_EQ(run(work()), 3);
}

TEST(Offload, ThrowsWhatTheWorkThrew) {
    asio::thread_pool pool(1);
    const auto work = [&]() -> asio::awaitable<int> {
        co_return co_await offload(pool, []() -> int { throw std::runtime_error("there"); });
    };
    EXPECT_THROW(run(work()), std::runtime_error);
}

}  // namespace
}  // namespace msst::http
