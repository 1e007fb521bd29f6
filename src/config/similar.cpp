#include "config/similar.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace msst::config {
namespace {

// Letters to insert, delete, replace or swap with their neighbour (Damerau-Levenshtein, restricted).
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1);
    std::vector<size_t> last(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), 0);
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t k = 1; k <= b.size(); ++k) {
            row[k] = std::min({last[k - 1] + (a[i - 1] != b[k - 1]), last[k] + 1, row[k - 1] + 1});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = std::min(row[k], before[k - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last.back();
}

}  // namespace

std::string most_similar(std::string_view word, const std::vector<std::string>& known) {
    constexpr size_t kLongestWord = 64;
    std::string best;
    size_t least = std::max<size_t>(1, word.size() / 3) + 1;
    if (word.size() > kLongestWord) return best;
    for (const std::string& candidate : known) {
        const size_t distance = edit_distance(word, candidate);
        if (distance >= least) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::string similar = most_similar(word, known);
    return similar.empty() ? "" : "; did you mean '" + similar + "'?";
}

}  // namespace msst::config
