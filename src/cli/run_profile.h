#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace msst::cli {

// Where the time of a graph's runs goes, by operation. It is read from the reports of progress: the time
// between two of them belongs to the operations whose work lies between them, in proportion to it. So it is
// as fine as the backend's reports are.
class RunProfile {
public:
    struct Entry {
        std::string operation;  // "linear"
        int count = 0;          // of nodes in the graph
        double flops = 0;       // of one run
        double seconds = 0;     // of all runs together
    };

    explicit RunProfile(const graph::Graph& graph);

    // A run begins.
    void start();

    // `fraction` of the run's work is done since `seconds` after its start. Neither goes back within a run.
    void add(double fraction, double seconds);

    // The operation that takes longest first.
    std::vector<Entry> entries() const;

private:
    struct Node {
        size_t entry;
        double end;  // work done when it is done
    };

    std::vector<Entry> entries_;
    std::vector<Node> nodes_;
    double total_ = 0;  // work
    size_t next_ = 0;   // the first node that no report covers yet
    double seconds_ = 0;
};

}  // namespace msst::cli
