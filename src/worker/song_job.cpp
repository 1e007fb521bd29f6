#include "worker/song_job.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "worker/stem_file_names.h"

namespace msst::worker {
namespace {

constexpr double kSilenceDbfs = -200;

double to_dbfs(double level) {
    return level > 0 ? std::max(20 * std::log10(level), kSilenceDbfs) : kSilenceDbfs;
}

tasks::Stage to_stage(separation::SongStage stage) {
    switch (stage) {
        case separation::SongStage::decoding:
            return tasks::Stage::decoding;
        case separation::SongStage::separating:
            return tasks::Stage::separating;
        case separation::SongStage::encoding:
            return tasks::Stage::encoding;
    }
    return tasks::Stage::separating;
}

tasks::StemFile to_stem_file(const separation::WrittenStem& stem, audio::OutputFormat format) {
    return {.name = stem.name,
            .filename = stem.path.filename().string(),
            .size_bytes = stem.size_bytes,
            .duration_seconds = static_cast<double>(stem.frames) / stem.sample_rate,
            .sample_rate = stem.sample_rate,
            .channels = stem.channels,
            .content_type = format == audio::OutputFormat::flac ? "audio/flac" : "audio/wav",
            .sha256 = stem.sha256,
            .peak_dbfs = to_dbfs(stem.peak),
            .rms_dbfs = to_dbfs(stem.rms),
            .clipped_samples = stem.clipped_samples};
}

separation::SongRequest to_song_request(const SongJob& job) {
    const auto format = audio::parse_output_format(job.request.output_format);
    const auto pcm_type = audio::parse_pcm_type(job.request.pcm_type);
    if (!format || !pcm_type)
        throw Error(ErrorCode::invalid_input,
                    job.request.output_format + " with " + job.request.pcm_type + " cannot be written",
                    "unsupported_output");
    separation::SongRequest song{.input = job.input,
                                 .instruments = job.request.instruments,
                                 .use_tta = job.request.use_tta,
                                 .extract_instrumental = job.request.extract_instrumental,
                                 .output_format = *format,
                                 .pcm_type = *pcm_type,
                                 .max_seconds = job.max_audio_seconds,
                                 .output_path = {},
                                 .on_progress = {}};
    song.on_progress = [&job](separation::SongStage stage, double fraction) {
        if (job.on_progress) job.on_progress(to_stage(stage), fraction);
    };
    return song;
}

}  // namespace

tasks::TaskResult run_song_job(const separation::Separator& separator, const SongJob& job,
                               const std::stop_token& stop) {
    separation::SongRequest song = to_song_request(job);
    StemFileNames names{std::string(audio::to_string(song.output_format))};
    song.output_path = [&](const std::string& stem) { return job.directory / names.name_for(stem); };

    separation::SongResult written = separation::separate_song(separator, song, stop);

    tasks::TaskResult result{.sources = {},
                             .warnings = std::move(written.warnings),
                             .processing_seconds = 0,
                             .audio_seconds = written.input_seconds};
    for (const separation::WrittenStem& stem : written.stems)
        result.sources.push_back(to_stem_file(stem, song.output_format));
    return result;
}

}  // namespace msst::worker
