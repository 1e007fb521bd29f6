#include "store/store_kinds.h"

#include "store/open.h"

namespace msst::store::testing {

std::vector<StoreKind> available_stores() {
    return {{.name = "sqlite", .open = &open_task_store}};
}

}  // namespace msst::store::testing
