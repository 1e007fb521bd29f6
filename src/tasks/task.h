#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

// A separation task: one uploaded file, what is asked of it, and how far it is.

namespace msst::tasks {

// pending -> processing -> completed | failed | cancelled, and processing ->
// pending when its worker vanished or drained. Final states never change.
enum class TaskStatus { pending, processing, completed, failed, cancelled };

std::string_view to_string(TaskStatus status);
std::optional<TaskStatus> parse_task_status(std::string_view text);
bool is_final(TaskStatus status);

// What the worker is doing; `queued` and `done` frame it.
enum class Stage { queued, decoding, loading_model, separating, encoding, done };

std::string_view to_string(Stage stage);
std::optional<Stage> parse_stage(std::string_view text);

// What the client asked for, checked at submission. The words are those of the API.
struct SeparationRequest {
    std::string model_type;
    std::vector<std::string> instruments;  // stems to write, in the model's order; never empty
    bool use_tta = false;
    bool extract_instrumental = false;
    std::string output_format = "wav";  // wav | flac
    std::string pcm_type = "PCM_24";    // PCM_16 | PCM_24 | FLOAT
};

// What the prober found out about the upload.
struct InputFacts {
    std::string filename;  // as the client named it, cleaned; never used as a path
    int64_t size_bytes = 0;
    std::string format;           // wav flac mp3 ogg m4a
    double duration_seconds = 0;  // as the container says; the decoder counts again
    int sample_rate = 0;
    int channels = 0;
};

// One published stem.
struct StemFile {
    std::string name;      // "vocals"
    std::string filename;  // "vocals.wav", below the result directory of the task's epoch
    int64_t size_bytes = 0;
    double duration_seconds = 0;
    int sample_rate = 0;
    int channels = 0;
    std::string content_type;  // audio/wav | audio/flac
    std::string sha256;        // lower-case hex
    double peak_dbfs = 0;      // of the samples before any clipping; silence is -200
    double rms_dbfs = 0;       // over all channels; silence is -200
    int64_t clipped_samples = 0;
};

struct TaskResult {
    std::vector<StemFile> sources;
    std::vector<std::string> warnings;
    double processing_seconds = 0;  // from claim to publication
    double audio_seconds = 0;       // of input, as decoded
};

// What the client may read: a stable machine word and a sentence without paths.
struct TaskError {
    std::string code;
    std::string message;
};

struct Task {
    std::string task_id;  // UUID version 7
    std::string owner;    // name of the API key that made it; empty without authentication
    int64_t seq = 0;      // FIFO order, given at submission, kept when the task is given back
    TaskStatus status = TaskStatus::pending;
    int64_t epoch = 0;         // fencing token: +1 at every claim, never reset
    int lease_losses = 0;      // how often its worker vanished
    std::string worker;        // set exactly while processing
    std::string device;        // that it runs on, or ran on last; empty: nobody told
    int64_t device_bytes = 0;  // of memory, that its model needs on a device
    std::optional<Timestamp> not_before;
    std::optional<Timestamp> lease_until;
    std::optional<Timestamp> cancel_requested_at;
    std::optional<Timestamp> erase_requested_at;  // its client deleted it, and must not see it any more
    double progress = 0;                          // 0-100, never goes back within an attempt
    Stage stage = Stage::queued;
    SeparationRequest request;
    InputFacts input;
    std::string input_key;  // names the upload in the blob store
    std::optional<TaskResult> result;
    std::optional<TaskError> error;
    Timestamp created_at{};
    std::optional<Timestamp> started_at;   // of the latest attempt
    std::optional<Timestamp> finished_at;  // when it became final
    std::optional<Timestamp> files_deleted_at;
};

}  // namespace msst::tasks
