#!/bin/sh
# A sound card made of software: what is played into its microphone, and what its loudspeaker plays,
# goes through PulseAudio null sinks. For tests of live sound on machines without any sound hardware.
#
#   virtual_mic.sh start             start it; prints the shell exports that programs need to see it
#   virtual_mic.sh play FILE.wav     speak a file into the microphone, at real time
#   virtual_mic.sh listen FILE.wav   record the loudspeaker until this process is ended
#   virtual_mic.sh suspend, resume   let both devices sleep, and wake them
#   virtual_mic.sh freeze, thaw      stop the sound server where it is, and let it go on
#   virtual_mic.sh move, back        move all streams from the microphone to another one, as when it is unplugged, and back
#   virtual_mic.sh pull              take the sound card away without warning, like an unplugged USB cable
#   virtual_mic.sh stop              end it and remove its files
#
# VIRTUAL_MIC_DIR   folder for its files; one sound card per folder (default: under the temporary folder)
# VIRTUAL_MIC_RATE  sampling rate in Hz (default: 16000)
#
# Debian, Ubuntu: apt-get install --no-install-recommends libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins
set -eu

folder=${VIRTUAL_MIC_DIR:-${TMPDIR:-/tmp}/virtual-mic-$(id -u)}
rate=${VIRTUAL_MIC_RATE:-16000}
socket=$folder/socket

# The daemon must neither find nor disturb a real one: own home, own runtime folder, no D-Bus.
export HOME="$folder" XDG_RUNTIME_DIR="$folder" PULSE_RUNTIME_PATH="$folder/pulse"
export PULSE_SERVER="unix:$socket" DBUS_SESSION_BUS_ADDRESS=disabled:

start() {
    mkdir -p "$folder/pulse"
    chmod 700 "$folder" "$folder/pulse"
    printf '%s\n' '</usr/share/alsa/alsa.conf>' \
        'pcm.virtmic { type pulse device "microphone.monitor" }' \
        'pcm.virtspk { type pulse device "loudspeaker" }' > "$folder/asound.conf"
    pulseaudio -n --daemonize=yes --exit-idle-time=-1 --disable-shm=yes --log-target="file:$folder/pulse.log" \
        --load="module-native-protocol-unix socket=$socket" \
        --load="module-null-sink sink_name=microphone rate=$rate channels=1" \
        --load="module-null-sink sink_name=loudspeaker rate=$rate channels=1"
    pactl set-default-source microphone.monitor
    pactl set-default-sink loudspeaker
    # A null sink without a listener works in steps of two seconds. A permanent listener with a short
    # buffer makes it run smoothly; the sound card is ready once a second listener gets its first bytes.
    : > "$folder/listeners"
    for sink in microphone loudspeaker; do
        parec --latency-msec=20 --device="$sink.monitor" > /dev/null 2>&1 &
        echo $! >> "$folder/listeners"
    done
    for sink in microphone loudspeaker; do
        timeout 10 parec --latency-msec=20 --device="$sink.monitor" 2> /dev/null | head -c 4096 > /dev/null
    done
    echo "export PULSE_SERVER='$PULSE_SERVER' ALSA_CONFIG_PATH='$folder/asound.conf'"
}

pull() {
    [ ! -f "$folder/pulse/pid" ] || kill -KILL "$(cat "$folder/pulse/pid")" 2> /dev/null || true
    [ ! -f "$folder/listeners" ] || xargs -r kill < "$folder/listeners" 2> /dev/null || true
    rm -f "$folder/pulse/pid" "$folder/listeners" "$socket"
}

move() {
    pactl list short sources | grep -q '[[:space:]]other.monitor[[:space:]]' ||
        pactl load-module module-null-sink sink_name=other rate="$rate" channels=1 > /dev/null
    # Not those of the permanent listeners.
    for stream in $(pactl list source-outputs | awk '/^Source Output/ { n = substr($3, 2) }
        /application.name = "ALSA plug-in/ { print n }'); do
        pactl move-source-output "$stream" "$1.monitor"
    done
}

case ${1:-} in
start) start ;;
# A long buffer: with a short one the player stumbles on a busy machine.
play) exec paplay --latency-msec=500 --device=microphone "$2" ;;
listen)
    exec parecord --latency-msec=20 --device=loudspeaker.monitor --rate="$rate" --channels=1 --format=s16le \
        --file-format=wav "$2"
    ;;
suspend) pactl suspend-sink microphone 1 && pactl suspend-sink loudspeaker 1 ;;
resume) pactl suspend-sink microphone 0 && pactl suspend-sink loudspeaker 0 ;;
freeze) kill -STOP "$(cat "$folder/pulse/pid")" ;;
thaw) kill -CONT "$(cat "$folder/pulse/pid")" ;;
move) move other ;;
back) move microphone ;;
pull) pull ;;
stop)
    pull
    rm -rf "$folder"
    ;;
*)
    sed -n '2,18s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
