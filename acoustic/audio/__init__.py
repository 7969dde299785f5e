"""Where sound comes from and goes to: recordings, microphones, raw PCM streams, loudspeakers.

Every source yields the same thing, whatever it reads: int16 mono blocks at the rate of the model
(what a microcontroller gets from its own microphone), the same bytes for any block size.
"""

from acoustic.audio.devices import Device, find_device, list_devices
from acoustic.audio.levels import LevelMeter
from acoustic.audio.microphone import Microphone
from acoustic.audio.pcm_stream import PcmStream
from acoustic.audio.recording import Recording, RecordingSource, find_recordings
from acoustic.audio.resample import StreamResampler, to_pcm16
from acoustic.audio.samples import Samples
from acoustic.audio.sound import Sound
from acoustic.audio.source import HealthEvent, Processor, Source, SourceHealth
from acoustic.audio.speaker import Speaker
from acoustic.audio.wav import WavWriter, write_wav, write_wav_blocks

__all__ = [
    "Device",
    "SourceHealth",
    "HealthEvent",
    "LevelMeter",
    "Microphone",
    "PcmStream",
    "Processor",
    "Recording",
    "RecordingSource",
    "Samples",
    "Sound",
    "Source",
    "Speaker",
    "StreamResampler",
    "WavWriter",
    "find_device",
    "find_recordings",
    "list_devices",
    "to_pcm16",
    "write_wav",
    "write_wav_blocks",
]
