#include "aiot/bench.hpp"
#include "aiot/bench_device.hpp"
#include "aiot/config.hpp"
#include "aiot/discover.hpp"
#include "aiot/doctor.hpp"
#include "aiot/firmware.hpp"
#include "aiot/flash.hpp"
#include "aiot/listen.hpp"
#include "aiot/ota.hpp"
#include "aiot/ota_image.hpp"
#include "aiot/ota_install.hpp"
#include "aiot/ota_repository.hpp"
#include "aiot/ota_server.hpp"
#include "aiot/ota_smp.hpp"
#include "aiot/pair.hpp"
#include "aiot/sim.hpp"
#include "render/envelope.hpp"
#include "render/schema.hpp"

namespace aiot::cli::render {

const std::vector<DerivedSchema>& derived_schemas() {
  static const std::vector<DerivedSchema> all = {
      derive<bench::DevicesReport>(),
      derive<bench::InferResult>(),
      derive<bench::ModelResult>(),
      derive<bench::RunResult>(),
      derive<ConfigListing, ConfigFiles>(),
      derive<firmware::ConvertResult>(),
      derive<firmware::Explanation>(),
      derive<firmware::MergeResult>(),
      derive<flash::Report<flash::WriteResult>, flash::Report<flash::ReadResult>,
             flash::Report<flash::VerifyResult>, flash::Report<flash::EraseResult>,
             flash::Report<flash::InfoResult>, flash::Report<flash::ResetResult>>(),
      derive<discover::DeviceRecord>(),
      derive<discover::SourceList>(),
      derive<discover::Report>(),
      derive<doctor::Report>(),
      derive<listen::Catalog>(),
      derive<listen::Message>(),
      derive<listen::Report>(),
      derive<ota::AddResult>(),
      derive<ota::ConfirmResult>(),
      derive<ota::InstallResult>(),
      derive<ota::KeygenResult>(),
      derive<ota::PushReport>(),
      derive<ota::RepositoryResult>(),
      derive<ota::RepositoryStatus>(),
      derive<ota::AccessRecord>(),
      derive<ota::DeviceStatus>(),
      derive<ota::ServeReady>(),
      derive<ota::ServeReport>(),
      derive<ota::SignResult>(),
      derive<ota::SlotResult>(),
      derive<ota::VerifyResult>(),
      derive<ota::SmpReport>(),
      derive<pair::CodeInfo>(),
      derive<pair::Report>(),
      derive<pair::UnpairResult>(),
      derive<sim::Catalog>(),
      derive<sim::ProvisionCatalog>(),
      derive<sim::Ready>(),
      derive<sim::Report>(),
      {schema_of(Envelope{}), {}},
      derive<EventLine>(),
  };
  return all;
}

}  // namespace aiot::cli::render
