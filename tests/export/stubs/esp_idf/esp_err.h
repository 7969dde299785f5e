/* As much of ESP-IDF 5 as the example uses, to check that it compiles. */
#pragma once
typedef int esp_err_t;
#define ESP_ERROR_CHECK(x) ((void)(x))
