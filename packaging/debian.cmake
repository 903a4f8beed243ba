# What Debian's policy asks of the files of a package, beyond what `cmake --install` puts there. cpack reads this when all
# packages' files lie below CPACK_TEMPORARY_DIRECTORY, a folder for each.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, when set
set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

foreach(package aiotctl libaiot0 libaiot-dev)
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${package}/usr)
  set(doc ${root}/share/doc/${package})
  file(COPY ${AIOT_SOURCE_DIR}/packaging/copyright DESTINATION ${doc})
  file(WRITE ${doc}/changelog.Debian "aiotctl (${version}) ${AIOT_DISTRIBUTION}; urgency=medium

  * Packages of version ${CPACK_PACKAGE_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  file(CHMOD ${doc}/changelog.Debian PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  file(GLOB_RECURSE pages ${root}/share/man/*)
  if(EXISTS ${doc}/CHANGELOG.md)
    file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
    list(APPEND pages ${doc}/changelog)
  endif()
  execute_process(COMMAND gzip -9n ${doc}/changelog.Debian ${pages} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

file(COPY ${AIOT_SOURCE_DIR}/packaging/lintian-overrides/libaiot0
     DESTINATION ${CPACK_TEMPORARY_DIRECTORY}/libaiot0/usr/share/lintian/overrides)

# The copyright file names the licence, whose text is in /usr/share/common-licenses.
set(root ${CPACK_TEMPORARY_DIRECTORY}/aiotctl/usr)
file(REMOVE ${root}/share/doc/aiotctl/LICENSE)
file(RENAME ${root}/share/zsh/site-functions ${root}/share/zsh/vendor-completions)
# /usr/lib is searched anyway.
file(RPATH_REMOVE FILE ${root}/bin/aiotctl)
