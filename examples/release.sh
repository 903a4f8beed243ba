#!/usr/bin/env bash
# The last step of a CI job that has built a firmware: adds it to a TUF repository, with deltas from the last three
# versions, renews what expires within two weeks, and publishes the repository when devices can update from it.
#
#   examples/release.sh FIRMWARE PRODUCT HARDWARE REPOSITORY KEY DESTINATION
#
# KEY signs the roles targets, snapshot and timestamp: a PEM file, or a PKCS#11 URI whose PIN is in the file that
# AIOT_KEY_SECRET names. The root's key is not needed, and stays offline. DESTINATION is what rsync takes: the folder that
# `aiotctl ota serve` or a web server serves. Version and chip come from inside the firmware. Running it again for the same
# firmware changes nothing.
set -euo pipefail
firmware=$1 product=$2 hardware=$3 repository=$4 key=$5 destination=$6
signing=(--repository "$repository" --key "$key")
[[ -z ${AIOT_KEY_SECRET:-} ]] || signing+=(--secret-file "$AIOT_KEY_SECRET")

aiotctl ota verify "$firmware"
aiotctl ota add "$firmware" --product "$product" --hardware "$hardware" --deltas 3 "${signing[@]}"
aiotctl ota refresh --within 14d "${signing[@]}"
aiotctl ota status --repository "$repository"  # fails when devices cannot update from it

# Files first, and the timestamp last: a device never sees metadata of what is not there.
rsync -rt --exclude 'metadata/timestamp.json' "$repository/" "$destination/"
rsync -t "$repository/metadata/timestamp.json" "$destination/metadata/"
