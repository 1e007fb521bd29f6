#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

// Blocking work (database, disk) from a coroutine, without blocking the threads that serve connections.

namespace msst::http {

namespace detail {

// What the pool leaves for the coroutine; shared, so that neither side outlives it.
template <class Result>
struct Outcome {
    std::exception_ptr error;
    std::optional<std::conditional_t<std::is_void_v<Result>, std::monostate, Result>> value;

    template <class Function>
    void run(Function& function) noexcept {
        try {
            if constexpr (std::is_void_v<Result>) {
                function();
                value.emplace();
            } else {
                value.emplace(function());
            }
        } catch (...) {
            error = std::current_exception();
        }
    }
};

}  // namespace detail

// Runs `function` on a thread of `pool` and resumes the caller on its own executor with what it returned or
// threw. Once begun the work always runs to its end, also when the caller is cancelled meanwhile, and the
// caller waits for it: references to the caller's locals stay valid.
//
//   const auto task = co_await offload(pool, [&] { return store.find(id); });
template <class Function>
boost::asio::awaitable<std::invoke_result_t<Function&>> offload(boost::asio::thread_pool& pool,
                                                                Function function) {
    namespace asio = boost::asio;
    using Result = std::invoke_result_t<Function&>;
    auto outcome = std::make_shared<detail::Outcome<Result>>();
    auto initiate = [&pool, &function, outcome](auto handler) {
        // Tracked: the io_context keeps running until the work has come back.
        auto home =
            asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        asio::post(pool, [&function, outcome, home, handler = std::move(handler)]() mutable {
            outcome->run(function);
            asio::dispatch(home, std::move(handler));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(initiate),
                                                                         asio::use_awaitable);
    if (outcome->error) std::rethrow_exception(outcome->error);
    if constexpr (!std::is_void_v<Result>) co_return std::move(*outcome->value);
}

}  // namespace msst::http
