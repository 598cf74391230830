// doc/openapi.yaml, as it was when the program was built.
#pragma once

namespace rollcall::serving::api {

[[nodiscard]] const char* OpenApiYaml();

}  // namespace rollcall::serving::api
