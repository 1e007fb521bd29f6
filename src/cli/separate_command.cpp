#include "cli/separate_command.h"

#include <memory>
#include <ostream>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/separate_files.h"

namespace msst::cli {
namespace {

// What the command line says before it is understood.
struct SeparateWords {
    SeparateOptions options;
    std::vector<std::filesystem::path> input_folders;
    std::string config_file;
    std::string output_format;
    std::string pcm_type = "PCM_24";
    bool is_flac = false;
    bool is_cpu_forced = false;
    bool has_no_bar = false;
    std::vector<int> device_ids;
    std::vector<std::string> devices;
};

constexpr const char* kSeparateExamples =
    "Examples:\n"
    "  msst separate song.mp3                      stems into results/song/\n"
    "  msst separate album/ -o stems --output_format flac --skip_existing\n"
    "  msst separate song.wav --instruments vocals --extract_instrumental\n"
    "  msst separate *.mp3 --filename_template '{file_name} ({instr})' --json > stems.jsonl\n"
    "  msst separate --model_type mel_band_roformer --config_path config.yaml \\\n"
    "       --start_check_point model.ckpt --input_folder songs --store_dir stems\n"
    "\n"
    "Exit codes: 0 every song is done, 1 some failed, 2 wrong command line, 130 interrupted.";

void add_files(CLI::App& command, SeparateWords& words) {
    command.add_option("input", words.options.inputs, "Files, and folders with everything in them")
        ->type_name("PATH");
    command.add_option("--input_folder", words.input_folders, "The same, as MSST calls it")
        ->type_name("PATH");
    command
        .add_option("-o,--output,--store_dir", words.options.output_folder,
                    "Where stems go; files that are there already are replaced")
        ->type_name("FOLDER")
        ->capture_default_str();
    command
        .add_option("--filename_template", words.options.filename_template,
                    "Path of a stem below the output folder, of {file_name} {instr} {dir_name} {start_time} "
                    "{model_type} {model}")
        ->capture_default_str();
    command.add_flag("--skip_existing", words.options.skip_existing,
                     "Leave out songs whose stems are all there");
}

void add_model(CLI::App& command, SeparateWords& words) {
    command.add_option("--model_type", words.options.model_type,
                       "Name of an installed model (msst models list); with --config_path MSST's type of it");
    command
        .add_option("--config_path", words.options.config_path,
                    "MSST's config.yaml of a model that is not installed")
        ->type_name("FILE");
    command
        .add_option("--start_check_point", words.options.checkpoint_paths,
                    "Its checkpoint; a Demucs package needs no --config_path, and several are averaged")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command
        .add_option("-c,--config", words.config_file, "Configuration of msst, for its models_dir and devices")
        ->type_name("FILE");
    command.add_option("--devices", words.devices, "auto, cpu, cuda:0,cuda:1")->delimiter(',');
    command.add_option("--device_ids", words.device_ids, "The same for GPUs, as MSST has it: 0 1");
    command.add_flag("--force_cpu", words.is_cpu_forced, "Run on the CPU even if there is a GPU");
}

void add_stems(CLI::App& command, SeparateWords& words) {
    command.add_option("--instruments", words.options.instruments, "Only these, for example vocals,drums")
        ->delimiter(',');
    command.add_flag("--extract_instrumental", words.options.extract_instrumental,
                     "Also write instrumental, the song without its vocals");
    command.add_flag("--use_tta", words.options.use_tta,
                     "Mean over swapped channels and inverted polarity: better, three times the work");
    command
        .add_option("--bigshifts", words.options.bigshifts,
                    "Mean over so many circular shifts of the song: better, as many times the work")
        ->type_name("N")
        ->capture_default_str();
    command
        .add_option("--chunk_edges", words.options.chunk_edges,
                    "How chunks fade at the ends of a song: msst (default) as in MSST, by batches; per_chunk "
                    "gives the same whatever the batch size")
        ->check(CLI::IsMember({"msst", "per_chunk"}));
    command.add_option("--output_format", words.output_format, "wav (default) or flac")
        ->check(CLI::IsMember({"wav", "flac"}, CLI::ignore_case));
    command.add_flag("--flac_file", words.is_flac, "The same as --output_format flac, as MSST has it");
    command.add_option("--pcm_type", words.pcm_type, "PCM_16, PCM_24 or FLOAT")
        ->check(CLI::IsMember({"PCM_16", "PCM_24", "FLOAT"}, CLI::ignore_case))
        ->capture_default_str();
}

void add_talk(CLI::App& command, SeparateWords& words) {
    command.add_flag("--json", words.options.is_json, "One JSON object per song on standard output");
    command.add_flag("--disable_detailed_pbar", words.has_no_bar, "No progress bar, one line per song");
}

std::vector<std::string> choose_devices(const SeparateWords& words) {
    const bool is_auto = words.devices.size() == 1 && words.devices.front() == "auto";
    std::vector<std::string> devices = is_auto ? std::vector<std::string>{} : words.devices;
    for (const int id : words.device_ids) devices.push_back("cuda:" + std::to_string(id));
    if (!words.is_cpu_forced) return devices;
    if (!devices.empty() && devices != std::vector<std::string>{"cpu"})
        throw Error(ErrorCode::invalid_input, "--force_cpu contradicts --devices and --device_ids");
    return {"cpu"};
}

// Throws Error(invalid_input) where options contradict each other.
SeparateOptions understand(const SeparateWords& words) {
    SeparateOptions options = words.options;
    options.inputs.insert(options.inputs.end(), words.input_folders.begin(), words.input_folders.end());
    if (!words.config_file.empty()) options.config_file = words.config_file;
    const std::string format = to_lower_ascii(words.output_format);
    if (words.is_flac && format == "wav")
        throw Error(ErrorCode::invalid_input, "--flac_file contradicts --output_format wav");
    if (words.is_flac || format == "flac") options.output_format = audio::OutputFormat::flac;
    const std::string pcm_type = to_lower_ascii(words.pcm_type);
    options.pcm_type = pcm_type == "pcm_16"  ? audio::PcmType::pcm_16
                       : pcm_type == "float" ? audio::PcmType::float_32
                                             : audio::PcmType::pcm_24;
    options.devices = choose_devices(words);
    options.show_progress = !words.has_no_bar;
    return options;
}

int run_separate(const SeparateWords& words, const Wiring& wiring) {
    SeparateOptions options;
    try {
        options = understand(words);
    } catch (const Error& error) {
        wiring.err << "msst separate: " << error.what() << "\n";
        return kUsage;
    }
    const Interrupt interrupt;
    return separate_files(options, wiring, interrupt.token());
}

}  // namespace

void add_separate_command(CLI::App& app, const Wiring& wiring, int& exit_code) {
    CLI::App* command = app.add_subcommand("separate", "Separate songs into stems, here and now");
    const auto words = std::make_shared<SeparateWords>();
    add_files(*command, *words);
    add_model(*command, *words);
    add_stems(*command, *words);
    add_talk(*command, *words);
    command->footer(kSeparateExamples);
    command->callback([words, &wiring, &exit_code] { exit_code = run_separate(*words, wiring); });
}

}  // namespace msst::cli
