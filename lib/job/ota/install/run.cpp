#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/file.hpp"
#include "job/ota/error.hpp"
#include "job/ota/install/installer.hpp"
#include "job/ota/install/state.hpp"
#include "job/ota/repository_jobs.hpp"
#include "net/run_alone.hpp"

namespace aiot::ota {
namespace {

Error bad_request(std::string what, std::string hint) {
  return make_error(Errc::bad_request, std::move(what), std::move(hint));
}

Result<void> check_state(const std::string& folder) {
  if (!folder.empty()) return {};
  return bad_request("the state folder", "name the folder of the state");
}

/// One file or device, by whatever names.
bool is_same(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (std::filesystem::weakly_canonical(a, ignored) ==
      std::filesystem::weakly_canonical(b, ignored)) {
    return true;
  }
  struct stat one {
  }, two{};
  if (::stat(a.c_str(), &one) != 0 || ::stat(b.c_str(), &two) != 0) return false;
  if (S_ISBLK(one.st_mode) && S_ISBLK(two.st_mode)) return one.st_rdev == two.st_rdev;
  return one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

Result<void> check_slots(const InstallRequest& request) {
  for (const std::string& slot : request.slots) {
    if (slot.empty()) return bad_request("the slots", "name a file or a block device");
    for (const std::string& kept : {request.root_file, request.ca_file}) {
      if (!kept.empty() && is_same(slot, kept)) {
        return bad_request(slot + ": a slot is written over",
                           "name a slot that is neither the root nor a certificate");
      }
    }
  }
  if (is_same(request.slots[0], request.slots[1])) {
    return bad_request(request.slots[1] + ": the same as the other slot",
                       "name two different slots");
  }
  return {};
}

Result<void> check(const InstallRequest& request) {
  AIOT_CHECK(check_state(request.state_folder));
  if (request.product.empty()) return bad_request("the product", "say which product this is");
  if (request.hardware.empty()) return bad_request("the hardware", "say which hardware this is");
  if (request.root_file.empty()) {
    return bad_request("the root", "give the root metadata that this device was made with");
  }
  if (request.hand_off.empty() ? request.slots.size() != 2 : !request.slots.empty()) {
    return bad_request("the slots", "name two slots, or a program that installs");
  }
  if (request.hand_off.empty()) return check_slots(request);
  return {};
}

Result<bool> exists(const std::string& path) {
  std::error_code error;
  const bool found = std::filesystem::exists(path, error);
  if (!error) return found;
  return make_error(Errc::disk, fmt::format("{}: {}", path, error.message()),
                    "check the path, and that this user may read it");
}

Result<void> make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return make_error(Errc::disk, fmt::format("{}: {}", folder, file::last_error().message()),
                      "make the folder in front, or choose another one");
  }
  return {};
}

/// The state folder, held against other processes for as long as the descriptor is open. A boot
/// script `only_reads` where nothing can be written: the descriptor may be closed then.
Result<file::Descriptor> hold_folder(const std::string& folder, bool only_reads = false) {
  AIOT_TRY(const bool there, exists(folder));
  if (!there) {
    return make_error(Errc::no_state, folder,
                      "name the folder that installations use; the first one makes it");
  }
  const std::string path = folder + "/lock";
  file::Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open() && only_reads && (errno == EROFS || errno == ENOSPC || errno == EDQUOT)) {
    lock = file::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock.is_open()) return lock;
  }
  if (!lock.is_open()) {
    return make_error(Errc::disk, fmt::format("{}: {}", path, file::last_error().message()),
                      "check that this user may write to the folder");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Errc::in_use, folder, "wait until it ends");
  }
  return lock;
}

/// Its output goes where diagnostics go: ours may be read by a machine.
Result<void> run_program(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return make_error(Errc::hand_off_failed,
                      fmt::format("{}: {}", command.front(), std::strerror(failed)),
                      "install the program, or give its path");
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return make_error(Errc::hand_off_failed,
                    WIFEXITED(status)
                        ? fmt::format("{}: exit status {}", command.front(), WEXITSTATUS(status))
                        : fmt::format("{}: ended by signal {}", command.front(), WTERMSIG(status)),
                    "read what it prints; the file it was given is verified");
}

}  // namespace

Result<InstallResult> install(const InstallRequest& given, EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check(given));
  // What boots the device asks from another folder.
  InstallRequest request = given;
  for (std::string& slot : request.slots) {
    slot = std::filesystem::absolute(slot).lexically_normal().string();
  }
  AIOT_CHECK(make_folder(request.state_folder));
  AIOT_TRY(const file::Descriptor held, hold_folder(request.state_folder));
  AIOT_TRY(const std::unique_ptr<Fetch> fetch,
           fetch_https(request.repository, {request.ca_file, request.fingerprint},
                       net::steady_clock(), request.timeout));
  const InstallEnvironment environment{&system_disk(), fetch.get(), &net::steady_clock(),
                                       time_now(), run_program};
  sink.on_event(event::Started{request.repository, "ota install"});
  const std::function<net::Task<InstallResult>()> work = [&]() -> net::Task<InstallResult> {
    Result<InstallResult> done = co_await install_in(environment, request, sink);
    fetch->close();
    co_return done;
  };
  Result<InstallResult> result = net::run_alone<InstallResult>(work, std::move(stop));
  if (result) {
    sink.on_event(event::Finished{request.repository, *result});
  } else {
    sink.on_event(event::Failed{request.repository, "", result.error()});
  }
  return result;
}

Result<SlotResult> choose_slot(const SlotRequest& request) {
  if (request.trial_boots < 1) return bad_request("trial boots", "allow at least one");
  AIOT_CHECK(check_state(request.state_folder));
  SlotResult out;
  // A device as it left the factory; a name that is mistyped must not become a folder.
  AIOT_TRY(const bool there, exists(request.state_folder));
  if (!there) {
    out.slot = slot_name(0);
    out.no_state = true;
    return out;
  }
  AIOT_TRY(const file::Descriptor held, hold_folder(request.state_folder, true));
  AIOT_TRY(const BootChoice choice,
           choose_boot(system_disk(), request.state_folder, request.trial_boots));
  AIOT_TRY(const SlotState state, load_state(system_disk(), request.state_folder));
  out.slot = slot_name(choice.slot);
  out.restored = choice.from_copy;
  out.path = state.paths[choice.slot];
  if (const auto& record = state.slots[choice.slot]) out.version = record->version;
  out.trial = choice.is_trial;
  out.rolled_back = choice.rolled_back;
  if (choice.unreadable) out.unreadable = choice.unreadable->message();
  return out;
}

Result<ConfirmResult> confirm(const ConfirmRequest& request) {
  AIOT_CHECK(check_state(request.state_folder));
  AIOT_TRY(const file::Descriptor held, hold_folder(request.state_folder));
  return confirm_on(system_disk(), request);
}

}  // namespace aiot::ota
